"""Scripts of the pooler's cases: they run, need no roikit, and their exit status is the verdict."""

import ast
import subprocess

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of

NAME = "multiscale_roi_align"
SCRIPTED = scripted(NAME)
ALL = "ms-images"  # which all libraries can be asked about


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


def test_every_library_that_has_it_has_scripts():
    assert set(SCRIPTED) == {"roikit", "torchvision", "detectron2"}


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_runs_and_conforms(name):
    for case in (ALL, "ms-gradient-images", "ms-negative-area"):
        done = run(case, name)
        assert done.returncode == 0, done.stderr + done.stdout


def test_every_case_of_every_library_is_a_script_that_can_be_read():
    cases = [case for case in up_to("small", golden_cases()) if case.operator == NAME]
    written = 0
    for name in SCRIPTED:
        for case in cases[::7]:
            try:
                script = reproduce(case.id, name)
            except UsageError:
                continue
            ast.parse(script)
            written += 1
    assert written > len(cases) / 7
    assert {name: set(scripts_of(name)[NAME].dialects) for name in ("torchvision", "detectron2")} == {
        "torchvision": {"torchvision"},
        "detectron2": {"detectron2", "detectron2-legacy"},
    }


def test_mmdetections_rule_is_told_the_first_level():
    for dialect in ("mmdetection", "torchvision", "roikit-axlearn"):
        done = run("ms-canonical-100", "roikit", dialect)
        assert done.returncode == 0, done.stderr + done.stdout


def test_what_a_library_cannot_be_told_is_said():
    with pytest.raises(UsageError, match="found from the size of images"):
        reproduce("ms-scales-found", "detectron2")
    assert "[64, 48]" in reproduce("ms-scales-found", "torchvision")
