"""Scripts of the cases of PSRoIAlign on pyramids: they run, and their exit status is the verdict."""

import subprocess
import sys

import pytest

from roikit.conformance.errors import UsageError
from roikit.conformance.scripts.reproduce import reproduce, scripted


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("multiscale_ps_roi_align")) == {"roikit"}


@pytest.mark.parametrize(
    ("case", "dialect"),
    [
        ("mp-images", "roikit-bin-major"),
        ("mp-gradient-images", "detectron2"),
        ("mp-box-gradient-images", "roikit"),
        ("mp-canonical-100", "mmdetection"),
        ("mp-negative-area", "torchvision"),
        ("mp-gradient-each-channel", "gluoncv"),
    ],
)
def test_a_script_of_a_conforming_case_exits_with_0(case, dialect):
    script = reproduce(case, "roikit", dialect, "float32")
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


def test_what_there_is_not_is_said():
    with pytest.raises(UsageError, match="there are no scripts for mmcv, only for "):
        reproduce("mp-images", "mmcv")
