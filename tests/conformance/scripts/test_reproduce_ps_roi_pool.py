"""Scripts of PSRoIPool's cases: they run, need no roikit, and their exit status is the verdict."""

import ast
import subprocess

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of

NAME = "ps_roi_pool"
SCRIPTED = scripted(NAME)
SQUARE = "pp-each-channel"  # which all libraries can be asked about


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


def test_there_are_scripts_of_all_that_have_an_adapter():
    assert set(SCRIPTED) == {"roikit", "torchvision", "mxnet", "openvino", "paddle", "ncnn"}


SETTINGS = [
    (name, dialect, dtype)
    for name in SCRIPTED
    for dialect in scripts_of(name)[NAME].dialects
    for dtype in scripts_of(name)[NAME].dtypes
    if name != "roikit" or dialect == "roikit" or (dialect == "mxnet" and dtype == "float32")
]


@pytest.mark.parametrize(("name", "dialect", "dtype"), SETTINGS)
def test_a_script_of_a_conforming_case_exits_with_0(name, dialect, dtype):
    done = run(SQUARE, name, dialect, dtype)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in SCRIPTED if len(scripts_of(name)[NAME].operations) > 1])
def test_a_gradient_is_asked_for(name):
    done = run("pp-gradient-each-channel", name)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


def test_a_gradient_that_is_no_derivative_is_told():
    done = run("pp-gradient-last-row", "torchvision")
    assert done.returncode == 1, done.stdout + done.stderr


def imports(script):
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", SCRIPTED)
def test_every_script_names_case_and_rules_and_imports_the_library_and_numpy_only(name):
    others = {"torchvision": {"torch"}, "roikit": {"importlib"}}
    written = 0
    for case in (case for case in up_to("small", golden_cases()) if case.operator == NAME):
        try:
            script = reproduce(case.id, name)
        except UsageError:
            continue
        written += 1
        head = " ".join(line.removeprefix("#").strip() for line in script.splitlines() if line.startswith("#"))
        assert head.startswith(f"{case.id}: {case.title}")
        assert all(f" {rule} " in head for rule in case.rules)
        assert set(imports(script)) <= {"sys", "numpy", "ml_dtypes", name} | others.get(name, set())
        assert "$" not in script
    assert written > 30


@pytest.mark.parametrize("name", SCRIPTED)
def test_what_scripts_know_of_a_library_is_what_its_adapter_says(name):
    """Adapters whose library is in an environment of its own say it by `Script.capability`."""
    adapter = registered()[name].load()
    try:
        can = adapter().describe().capability(NAME)
    except ImportError:
        pytest.skip("not installed here")
    library = scripts_of(name)[NAME]
    assert set(library.dtypes) == set(can.dtypes)
    if name != "roikit":  # which describes one name of each dialect, and one mode
        assert set(library.modes) == set(can.modes)
        assert set(library.dialects) == set(can.dialects)
        assert set(library.operations) == set(can.operations)


def test_what_a_library_cannot_do_is_said():
    with pytest.raises(UsageError, match="as many rows of bins as columns"):
        reproduce("pp-not-square", "openvino")
    with pytest.raises(UsageError, match="there are no scripts for chainer, only for "):
        reproduce("pp-not-square", "chainer")
