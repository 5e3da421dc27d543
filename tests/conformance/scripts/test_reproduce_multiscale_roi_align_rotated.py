"""Scripts of the cases of poolers of rotated boxes: they run, and their exit status is the verdict."""

import subprocess
import sys

import pytest

from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("multiscale_roi_align_rotated")) == {"roikit", "mmrotate", "detectron2"}


@pytest.mark.parametrize(
    ("case", "dialect"),
    [
        ("mr-images", "roikit-clockwise"),
        ("mr-gradient-images", "detectron2"),
        ("mr-box-gradient-images", "roikit"),
        ("mr-canonical-100", "mmrotate"),
        ("mr-negative-area", "mmrotate"),
    ],
)
def test_a_script_of_a_conforming_case_exits_with_0(case, dialect):
    script = reproduce(case, "roikit", dialect, "float32")
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


@pytest.mark.parametrize("case", ["mr-least-sizes", "mr-negative-area", "mr-gradient-each-level"])
def test_a_script_of_mmrotate_exits_with_0(case):
    found = places.find(registered()["mmrotate"])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, "mmrotate", "mmrotate", "float32")
    done = subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


def test_what_there_is_not_is_said():
    with pytest.raises(UsageError, match="there are no scripts for mmcv, only for "):
        reproduce("mr-images", "mmcv")
