"""Faults that are planted into kernels: one line of a source, a piece of it, and what stands there instead."""

from importlib import import_module
from pathlib import Path

from roikit.kernels.execution import source

OPERATORS = Path(__file__).parent / "operators"


def broken(file, line, old, new):
    """The text of a source with a fault in it; it must fit the source of today."""
    original = source._read(file)
    assert (original.count(line), line.count(old)) == (1, 1), "the mutant no longer fits the source"
    text = original.replace(line, line.replace(old, new))
    assert text != original
    return text


def everywhere():
    """All planted faults, by module and name."""
    for path in sorted(OPERATORS.glob("*/faults/test_mutant*kernels.py")):
        operator = path.parts[-3]
        module = import_module(f"tests.conformance.operators.{operator}.faults.{path.stem}")
        for name, fault in module.MUTANTS.items():
            yield f"{operator}, {name}", fault[-4:] if len(fault) >= 4 else (f"{operator}/forward.cu", *fault)
