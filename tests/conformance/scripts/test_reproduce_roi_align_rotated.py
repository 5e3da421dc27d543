"""Scripts of the cases of rotated RoIAlign: they run, and their exit status is the verdict."""

import subprocess

import pytest

from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of

NAME = "roi_align_rotated"
CASE = "rr-small-angles"  # which all libraries can be asked about


def has_rotated(python):
    program = "import detectron2.layers as layers; raise SystemExit(layers.ROIAlignRotated is None)"
    return subprocess.run([python, "-c", program], check=False).returncode == 0


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    if name == "detectron2" and not has_rotated(found.python):
        pytest.skip("detectron2 is installed without its C++")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


def test_there_are_scripts_of_all_that_have_an_adapter():
    assert set(scripted(NAME)) == {"roikit", "openvino", "mxnet", "mmcv", "detectron2"}


SETTINGS = [
    (name, dialect)
    for name in ("roikit", "openvino", "mxnet", "mmcv", "detectron2")
    for dialect in scripts_of(name)[NAME].dialects
    if name != "roikit" or dialect in ("roikit", "detectron2")
]


@pytest.mark.parametrize(("name", "dialect"), SETTINGS)
def test_a_script_of_a_conforming_case_exits_with_0(name, dialect):
    done = run(CASE, name, dialect, "float32")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


@pytest.mark.parametrize("case", ["rr-gradient-small-angles", "rr-box-gradient-slope"])
def test_gradients_are_asked_of_ours(case):
    done = run(case, "roikit")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr
