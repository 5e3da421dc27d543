"""Scripts of the cases of weighted RoIAlign on pyramids: they run, and their exit status is the verdict."""

import subprocess
import sys

import pytest

from roikit.conformance.scripts.reproduce import reproduce, scripted


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("multiscale_weighted_roi_align")) == {"roikit"}


@pytest.mark.parametrize(
    ("case", "dialect"),
    [
        ("mw-images", "roikit-openvino"),
        ("mw-gradient-images", "detectron2"),
        ("mw-weight-gradient-images", "torchvision"),
        ("mw-box-gradient-images", "roikit-axlearn"),
        ("mw-canonical-100", "mmdetection"),
        ("mw-negative-area", "maskrcnn-benchmark"),
        ("mw-rw-inside", "roikit-onnx-16"),
        ("mw-max-positive", "mmdetection-legacy"),
    ],
)
def test_a_script_of_a_conforming_case_exits_with_0(case, dialect):
    script = reproduce(case, "roikit", dialect, "float32")
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr
