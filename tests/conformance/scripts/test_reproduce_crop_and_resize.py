"""Scripts of crop_and_resize's cases: they run, need no roikit, and their exit status is the verdict."""

import ast
import subprocess

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of

NAME = "crop_and_resize"
SCRIPTED = scripted(NAME)
CONFORMING = {
    "forward": "cr-not-square",
    "feature_gradient": "cr-gradient-channels",
    "box_gradient": "cr-box-gradient-channels",
}


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


def test_there_are_scripts_of_all_that_have_an_adapter():
    assert set(SCRIPTED) == {"roikit", "tensorflow", "mindspore", "onnxruntime", "openvino"}


@pytest.mark.parametrize("operation", CONFORMING)
@pytest.mark.parametrize("name", SCRIPTED)
def test_a_script_of_a_conforming_case_exits_with_0(name, operation):
    if operation not in scripts_of(name)[NAME].operations:
        with pytest.raises(UsageError, match=f"no {operation.replace('_', ' ')}"):
            reproduce(CONFORMING[operation], name)
        return
    done = run(CONFORMING[operation], name)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


def test_what_a_library_gets_wrong_is_told():
    done = run("cr-box-nan", "onnxruntime")
    assert done.returncode == 1, done.stdout + done.stderr


def imports(script):
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", SCRIPTED)
def test_every_script_names_case_and_rules_and_imports_the_library_and_numpy_only(name):
    others, written = {"roikit": {"importlib"}, "onnxruntime": {"onnx"}}, 0
    for case in [case for case in up_to("small", golden_cases()) if case.operator == NAME][::4]:
        try:
            script = reproduce(case.id, name)
        except UsageError:
            continue
        written += 1
        head = " ".join(line.removeprefix("#").strip() for line in script.splitlines() if line.startswith("#"))
        assert head.startswith(f"{case.id}: {case.title}")
        assert all(f" {rule} " in head for rule in case.rules)
        assert set(imports(script)) <= {"sys", "numpy", name} | others.get(name, set())
        assert "$" not in script
        assert "y1, x1, y2, x2" in script
    assert written > 15


def test_what_a_library_cannot_do_is_said():
    with pytest.raises(UsageError, match="another extrapolation value than 0"):
        reproduce("cr-value-fraction", "openvino")
    with pytest.raises(UsageError, match="mode nearest"):
        reproduce("cr-nearest-last", "openvino")
