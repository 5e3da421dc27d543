"""Scripts of RoIPool's cases: they run, need no roikit, and their exit status is the verdict."""

import subprocess
from functools import cache

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import registered
from roikit.conformance.peers import places
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of
from tests.conformance.scripts.written import number_written

SCRIPTED = scripted("roi_pool")


@cache
def cases():
    return [case for case in up_to("small", golden_cases()) if case.operator == "roi_pool"]


def run(case, name, dialect=None, dtype=None):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([found.python, "-"], input=script, capture_output=True, text=True, check=False)


SETTINGS = [
    (name, dialect, dtype)
    for name in SCRIPTED
    for dialect in scripts_of(name)["roi_pool"].dialects
    for dtype in scripts_of(name)["roi_pool"].dtypes
    if name != "roikit" or dialect in ("roikit", "mmcv")
]


@pytest.mark.one_in(3)
@pytest.mark.parametrize(("name", "dialect", "dtype"), SETTINGS)
def test_a_script_of_a_conforming_case_exits_with_0(name, dialect, dtype):
    done = run("rp-average-clipped" if dialect == "chainer-average" else "rp-s-inside-small", name, dialect, dtype)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", [name for name in SCRIPTED if len(scripts_of(name)["roi_pool"].operations) > 1])
def test_a_gradient_is_asked_for(name):
    for dialect in scripts_of(name)["roi_pool"].dialects:
        case = "rp-gradient-average-clipped" if dialect == "chainer-average" else "rp-gradient-mmcv-4x4"
        done = run(case, name, dialect)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "All values agree."), done.stdout + done.stderr


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", SCRIPTED)
def test_every_script_names_case_and_rules_and_imports_the_library_and_numpy_only(name):
    others = {"torchvision": {"torch"}, "onnxruntime": {"onnx"}, "mnn": {"MNN"}, "roikit": {"importlib"}}
    allowed = {"sys", "numpy", "ml_dtypes", name} | others.get(name, set())
    assert number_written(cases(), name, allowed) > 100


@pytest.mark.parametrize("name", SCRIPTED)
def test_what_scripts_know_of_a_library_is_what_its_adapter_says(name):
    """Adapters whose library is in an environment of its own say it by `Script.capability`."""
    adapter = registered()[name].load()
    try:
        can = adapter().describe().capability("roi_pool")
    except ImportError:
        pytest.skip("not installed here")
    library = scripts_of(name)["roi_pool"]
    assert set(library.dtypes) == set(can.dtypes)
    assert set(library.modes) == set(can.modes)
    if name != "roikit":  # which describes one name of each dialect, and has no scripts for gradients
        assert set(library.dialects) == set(can.dialects)
        assert set(library.operations) == set(can.operations)


def test_an_average_is_no_maximum_and_has_a_function_of_its_own():
    assert "roi_average_pooling_2d(maps, boxes[:, [1, 0, 3, 2]], batch" in reproduce("rp-average-clipped", "chainer")
    with pytest.raises(UsageError, match="mode avg of roi_max_pooling_2d"):
        reproduce("rp-average-clipped", "chainer", "chainer-max")
    with pytest.raises(UsageError, match="there are no scripts for mmcv, only for chainer, "):
        reproduce("rp-half-each", "mmcv")
