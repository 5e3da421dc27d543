"""Scripts of the cases of BorderAlign: they run, and their exit status is the verdict."""

import subprocess

import pytest

from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted

NAME = "border_align"
CASE = "ba-parts-10"


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


def test_there_are_scripts_of_all_that_have_an_adapter():
    assert set(scripted(NAME)) == {"roikit"}


@pytest.mark.parametrize("case", [CASE, "ba-gradient-parts-2", "ba-box-gradient-hill"])
def test_a_script_of_a_conforming_case_exits_with_0(case):
    done = run(case, "roikit")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr
