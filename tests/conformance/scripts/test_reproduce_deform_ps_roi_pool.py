"""Scripts of the cases of deformable PSRoIPool: they run, and their exit status is the verdict."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from roikit.conformance.errors import UsageError
from roikit.conformance.scripts.reproduce import reproduce, scripted

CASES = ["dq-each-channel", "dq-no-offsets", "dq-halves-below-zero"]
AS_MANY_GROUPS_AS_BINS = ["dq-each-channel", "dq-no-offsets"]
GRADIENTS = ["dq-gradient-classes-of-groups", "dq-offset-gradient-on-pixels", "dq-zo-rois-33"]


def run(script):
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout.splitlines() or [""])[-1], done.stdout + done.stderr


def test_there_are_scripts_of_all_that_can_run():
    assert set(scripted("deform_ps_roi_pool")) == {"roikit", "mxnet", "openvino"}


@pytest.mark.parametrize("case", CASES + GRADIENTS)
def test_a_script_of_a_conforming_case_exits_with_0(case):
    *verdict, said = run(reproduce(case, "roikit", "mxnet", "float32"))
    assert verdict == [0, "All values agree."], said


@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")
@pytest.mark.parametrize("case", AS_MANY_GROUPS_AS_BINS)
def test_so_does_openvinos(case):
    *verdict, said = run(reproduce(case, "openvino", "openvino", "float32"))
    assert verdict == [0, "All values agree."], said


def test_what_there_is_not_is_said():
    with pytest.raises(UsageError, match="openvino cannot make the call of dq-one-group"):
        reproduce("dq-one-group", "openvino")
    with pytest.raises(UsageError, match="mxnet cannot make the call of dq-groups-not-square"):
        reproduce("dq-groups-not-square", "mxnet")
