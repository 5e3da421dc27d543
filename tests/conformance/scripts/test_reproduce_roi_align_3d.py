"""Scripts of the cases of RoIAlign of volumes: they run, and their exit status is the verdict."""

import subprocess
import sys

import pytest

from roikit.conformance.scripts.reproduce import reproduce, scripted


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("roi_align_3d")) == {"roikit"}


@pytest.mark.parametrize(
    "case",
    [
        "rv-axes-differ",
        "rv-scales-differ",
        "rv-gradient-axes-differ",
        "rv-box-gradient-ratios-differ",
        "rv-z-channels-33",
    ],
)
def test_a_script_of_a_conforming_case_exits_with_0(case):
    script = reproduce(case, "roikit", "roikit-aligned", "float32")
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr
