"""Makes the systematic golden cases of an operator.

``python -m roikit.conformance.golden.generator conformance`` writes them to ``operators/*/cases/`` in the folder
``conformance``. A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it is exact and fair
under every main dialect and neither zeros nor ones pass it. What it expects is computed by `golden`. No case is ever drawn
from what an implementation returns.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import track

from .. import operators
from .expectations import complete, property_dtypes
from .files import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operator import Blueprint, Operator

ATTEMPTS = 400


def suits(case: Mapping[str, Any], operator: Operator) -> bool:
    """Whether a case is exact and fair, and tells something, under every main dialect of its operator."""
    assert operator.draws is not None
    mode = case["arguments"].get("mode", "")
    dialects = list(dict.fromkeys(operator.dialects[name].for_mode(mode) for name in operator.main_dialects))
    if case["kind"] == "property":
        return all({"float32", "float64"} <= set(property_dtypes(case, operator, dialect)) for dialect in dialects)
    return operator.draws.suits(case, dialects)


def generate(blueprint: Blueprint, operator: Operator) -> dict[str, Any]:
    """The first case of a blueprint that suits.

    Raises:
        ValueError: none does.
    """
    assert operator.draws is not None
    for attempt in range(ATTEMPTS):
        case = operator.draws.draw(blueprint, attempt)
        if suits(case, operator):
            return case
    raise ValueError(f"{blueprint.id}: nothing suits in {ATTEMPTS} attempts")


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.generator", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("operator", nargs="*", help="only of these operators")
    arguments = parser.parse_args()
    for operator in map(operators.get, arguments.operator or operators.NAMES):
        if operator.draws is None:
            continue
        marked = {} if operator.name == operators.DEFAULT else {"operator": operator.name}
        for name, planned in operator.draws.blueprints().items():
            cases = [complete(generate(blueprint, operator), operator) for blueprint in track(planned, name)]
            document = {"edition": operator.draws.edition, "group": name, **marked, "cases": cases}
            path = arguments.folder / "operators" / operator.name / "cases" / f"{name}.json"
            path.write_text(render(document), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
