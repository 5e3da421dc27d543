"""The hash of the code that computes: what changes it and what does not."""

import ast
import itertools

import pytest

from roikit.conformance import operators
from roikit.conformance.golden import code, of_operator
from tests.composed import COMPOSED

pytestmark = pytest.mark.every_run

CALLED = """
import math
from .inner import helper
from ..pkg import other

def area(radius):
    return math.pi * helper(radius) ** 2
"""
FILES = {
    "__init__.py": "",
    "called.py": CALLED,
    "inner.py": "def helper(x):\n    from . import late\n    return late.twice(x)\n",
    "late.py": "def twice(x):\n    return 2 * x\n",
    "other.py": "LIMIT = 3\n",
    "types_only.py": "class Shape: pass\n",
    "unrelated.py": "from . import called\n",
}


@pytest.fixture
def hashed(tmp_path, monkeypatch):
    """The digest of the module ``pkg.called`` in a package with the files above, but for those that are given."""
    counter = itertools.count()

    def of(**changed):
        folder = tmp_path / str(next(counter)) / "pkg"
        folder.mkdir(parents=True)
        for name, text in {**FILES, **{f"{name}.py": text for name, text in changed.items()}}.items():
            (folder / name).write_text(text, encoding="utf-8")
        monkeypatch.setattr(code, "_WINGS", ("pkg",))
        monkeypatch.syspath_prepend(folder.parent)
        for cached in (code._file, code._tree, code.imports, code._normalised):
            cached.cache_clear()
        return code.digest_of_code(["pkg.called"]), code.closure(["pkg.called"])

    yield of
    for cached in (code._file, code._tree, code.imports, code._normalised):
        cached.cache_clear()


def test_a_module_and_all_that_it_imports_are_hashed(hashed):
    digest, modules = hashed()
    assert modules == ["pkg.called", "pkg.inner", "pkg.late", "pkg.other"]
    for name in ("called", "inner", "late", "other"):
        assert hashed(**{name: FILES[f"{name}.py"] + "\nX = 1\n"})[0] != digest, name
    assert hashed(unrelated="X = 1\n")[0] == digest


@pytest.mark.parametrize(
    "text",
    [
        CALLED.replace("    return", "    # squared\n    return"),
        CALLED.replace("    return", '    """Of a circle."""\n    return'),
        '"""Circles."""\n' + CALLED,
        CALLED.replace("math.pi * helper(radius) ** 2", "(\n        math.pi\n        * helper(radius) ** 2\n    )"),
        CALLED + "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .types_only import Shape\n",
    ],
    ids=["comment", "docstring", "module's docstring", "layout", "types"],
)
def test_what_computes_nothing_does_not_count(hashed, text):
    base = CALLED + ("\nfrom typing import TYPE_CHECKING\n" if "TYPE_CHECKING" in text else "")
    assert hashed(called=text) == hashed(called=base)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** 2", "** 3"),
        ("math.pi", "math.tau"),
        ("helper(radius)", "radius"),
        ("radius", "r"),
        ("    return", "    return not"),
    ],
)
def test_what_computes_counts(hashed, old, new):
    assert hashed(called=CALLED.replace(old, new))[0] != hashed()[0]


def test_a_branch_for_those_who_do_not_check_types_counts(hashed):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    X = 1\nelse:\n    X = {}\n"
    assert hashed(called=text.format(2))[0] != hashed(called=text.format(3))[0]


def test_strings_that_are_no_docstrings_count(hashed):
    assert hashed(called=CALLED + "NAME = 'a'\n")[0] != hashed(called=CALLED + "NAME = 'b'\n")[0]


FACE = """
from .oracle import answer
from .probes.face import PROBES
OPERATOR = Operator(name="area", oracle=answer, probes=PROBES, operations=(FORWARD, BACKWARD))
"""


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        (", probes=PROBES", "", False),
        ("from .probes.face import PROBES\n", "", False),
        ("(FORWARD, BACKWARD)", "(FORWARD,)", False),
        ("oracle=answer", "oracle=other", True),
        ("from .oracle import answer", "from .oracle import other as answer", True),
        ('"area"', '"length"', True),
    ],
)
def test_of_a_face_only_what_computes_counts(hashed, old, new, counts):
    def face(text):
        hashed(called=text)
        return code.digest_of_module("pkg.called", without=("probes", "operations"))

    assert (face(FACE) != face(FACE.replace(old, new))) == counts


@pytest.mark.parametrize("module", sorted(set(code.NAMES) - {operators.__name__}))
def test_modules_that_are_not_hashed_hold_names_alone(module):
    for statement in code._tree(module).body:
        if isinstance(statement, ast.ClassDef):
            assert [base.id for base in statement.bases] == ["StrEnum"]
            assert statement.decorator_list == []
            for member in statement.body:
                assert isinstance(member.value, ast.Constant), ast.unparse(member)
        else:
            assert isinstance(statement, ast.ImportFrom | ast.Expr), ast.unparse(statement)


def test_a_module_that_is_not_there_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"no module roikit\.conformance\.nowhere"):
        code.digest_of_code(["roikit.conformance.nowhere"])


@pytest.mark.parametrize("operator", operators.NAMES)
@pytest.mark.parametrize(
    ("module", "faults"), [("expectations", False), ("noticing", True)], ids=["expectations", "certificate"]
)
def test_what_is_computed_of_an_operator_hangs_on_its_oracle_and_not_on_others_or_on_kernels(operator, module, faults):
    home = f"roikit.conformance.operators.{operator}"
    modules = code.closure(of_operator.roots(operator, f"roikit.conformance.golden.{module}", faults=faults))
    assert f"roikit.kernels.dialects.{operator}" in modules
    assert ("roikit.conformance.verdicts.judge" in modules) == faults
    mine = {name.removeprefix(f"{home}.").split(".")[0] for name in modules if name.startswith(f"{home}.")}
    assert {"call", "oracle"} <= mine
    assert ("faults" in mine) == faults
    assert "probes" not in mine
    others = ("roikit.conformance.operators.", "roikit.kernels.", "roikit.reports.")
    composed = [f"roikit.conformance.operators.{part}." for part in COMPOSED.get(operator, ())]
    known = (f"{home}.", "roikit.kernels.dialects.", *composed)
    assert [n for n in modules if n.startswith(others) and not n.startswith(known)] == []
