"""Scripts of weighted RoIAlign's cases: they run, and their exit status is the verdict."""

import subprocess
import sys

import pytest

from roikit.conformance.errors import UsageError
from roikit.conformance.scripts.reproduce import reproduce, scripted


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("weighted_roi_align")) == {"roikit"}


@pytest.mark.parametrize(
    "case",
    [
        "sw-mean",
        "sw-max-positive",
        "sw-max-gradient-channels-each",
        "sw-max-weight-gradient-channels-together",
        "sw-gradient-sum",
        "sw-box-gradient-sum",
        "sw-weight-gradient-sum",
        "sw-zw-channels-65",
        "sw-zgr-rois-129",
    ],
)
def test_a_script_of_a_conforming_case_exits_with_0(case):
    script = reproduce(case, "roikit", "torchvision-aligned", "float32")
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


def test_what_there_is_not_is_said():
    with pytest.raises(UsageError, match="there are no scripts for mmcv, only for "):
        reproduce("sw-mean", "mmcv")
