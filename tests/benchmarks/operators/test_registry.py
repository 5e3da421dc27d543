"""What every operator must say of itself, and what knows no operator."""

import ast
from pathlib import Path

import pytest

from benchmarks.measuring.machine import ROOT
from benchmarks.operators import OPERATORS, UNNAMED, operator_called
from tests.composed import COMPOSED

pytestmark = pytest.mark.every_run

BENCHMARKS = ROOT / "benchmarks"


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_is_complete(name):
    operator = operator_called(name)
    operations = set(operator.operations)
    assert operator.name == name
    assert operator.itself == "forward"
    assert set(operator.cpu_rows) == set(operator.gpu_rows)
    assert set(operator.cpu.ours) == set(operator.gpu.ours) == set(operator.gpu.inputs) == operations
    for library in operator.cpu.peers.values():
        assert set(library.operations) <= operations
    for library in operator.gpu.peers.values():
        assert set(library) <= operations
    assert all(operation.dialect and operation.calls.startswith(("one", "all")) for operation in operations)
    assert operator.exercise.counted
    for counted in operator.exercise.counted:
        assert counted.row in operator.gpu_rows
        assert counted.library in operator.exercise.libraries


def test_an_operator_that_is_not_there():
    assert UNNAMED in OPERATORS
    with pytest.raises(KeyError):
        operator_called("roi_guess")


def imported(path: Path) -> set[str]:
    """The modules of benchmarks that a file imports, with their whole names."""
    package = path.relative_to(BENCHMARKS.parent).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*package[: len(package) - node.level + 1], *(node.module or "").split("."))
            found |= {".".join(filter(None, (*base, name.name))) for name in node.names}
    return found


GENERIC = [path for folder in ("measuring", "assembler", "record") for path in (BENCHMARKS / folder).rglob("*.py")]
GENERIC += [path for folder in (BENCHMARKS, BENCHMARKS / "suites") for path in folder.glob("*.py")]


@pytest.mark.parametrize("path", GENERIC, ids=lambda path: str(path.relative_to(BENCHMARKS)))
def test_what_is_generic_imports_no_operator(path):
    registry = {"benchmarks.operators." + name for name in ("OPERATORS", "UNNAMED", "operator_called")}
    of_operators = {name for name in imported(path) if name.startswith("benchmarks.operators")}
    assert of_operators <= (set() if path.parent.name == "measuring" else registry)
    assert not {name for name in imported(path) if name.startswith("benchmarks.suites.roi")}


@pytest.mark.parametrize("name", OPERATORS)
def test_no_operator_imports_another(name):
    for folder in (BENCHMARKS / "operators" / name, BENCHMARKS / "suites" / name):
        for path in folder.rglob("*.py"):
            for other in set(OPERATORS) - {name, *COMPOSED.get(name, ())}:
                assert not {one for one in imported(path) if f".{other}." in f"{one}."}, path


def test_imports_are_seen():
    """The checks above would find nothing if these were not found."""
    assert "benchmarks.operators.roi_align.operations.Operation" in imported(
        BENCHMARKS / "operators" / "roi_align" / "cpu" / "torchvision.py"
    )
