"""Which faults of launches and of memory the golden cases of an operator notice.

``python -m roikit.conformance.golden.kinds conformance`` writes it to ``KINDS.md`` in the folder of each operator. A fault that
no case notices is an error. With ``--check`` it only says whether the file is as it would write it.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from .. import operators
from ..arrays import numpy_dtype
from ..cases import quick
from ..cases.case import SIZES, up_to
from ..cases.golden import golden_cases
from ..verdict import Verdict
from ..verdicts.judge import judge_output, wanted
from . import launch_faults, ledger, memory_faults
from .launch_faults import DTYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..cases.case import Case
    from ..operator import Operator
    from .launch_faults import Fault

_SEVERAL = 3  # cases that are named for each fault


@lru_cache(maxsize=8)
def _right(case: Case, dialect: str, dtype: str) -> np.ndarray:
    """What the call of a case must return."""
    expectation = case.expectation(dialect, dtype)
    assert expectation is not None
    return wanted(case, expectation.answers[0]).values.reshape(case.shape)


def notices(case: Case, fault: Fault, dialect: str, dtype: str = DTYPE) -> bool:
    """Whether a case fails an implementation with this fault, in a data type."""
    expectation = case.expectation(dialect, dtype)
    if case.kind != "value" or case.operation != fault.operation or expectation is None:
        return False
    returned = fault.returned(case, _right(case, dialect, dtype).copy())
    if returned is None:
        return False
    with np.errstate(over="ignore"):  # what was misread is any number
        output = returned.astype(numpy_dtype(dtype))
    return judge_output(case, expectation, output, dtype, "NCHW").verdict != Verdict.CONFORMS


def faults(operator: Operator) -> list[Fault]:
    """All faults of launches of an operator, and of memory if any of its cases is about that."""
    dialect = operator.main_dialects[0]
    of_memory = memory_faults.faults(operator, dialect) if any(case.arranged for case in cases_of(operator)) else ()
    return [*launch_faults.faults(operator, dialect), *of_memory]


def cases_of(operator: Operator) -> list[Case]:
    """The cases that may notice them, those of small calls first."""
    asked = [c for c in golden_cases(operator.name) if quick.is_large(c)]
    return sorted(asked, key=lambda case: (SIZES.index(case.size), math.prod(case.shape)))


def noticed(
    operator: Operator, size: str = "huge", several: int = _SEVERAL, share: float = 1
) -> dict[Fault, list[str]]:
    """For each fault, or each of a sample, the first cases that notice it, of those that are no larger than a size."""
    dialect, cases = operator.main_dialects[0], up_to(size, cases_of(operator))
    chance = Random(int(ledger.seed()))  # noqa: S311 - no secret
    found: dict[Fault, list[str]] = {}
    for fault in faults(operator):
        if chance.random() >= share:
            continue
        seen = (case.id for case in cases if notices(case, fault, dialect))
        found[fault] = list(itertools.islice(seen, several))
    return found


def as_table(operator: Operator, found: Mapping[Fault, Sequence[str]]) -> str:
    """What notices each fault, as Markdown: a row for each kind and operation."""
    lines = [
        "# Which faults of launches and of memory the golden cases notice",
        "",
        (
            f"Under {operator.main_dialects[0]}, in {DTYPE}; the small cases that notice it first. Written by "
            "`python -m roikit.conformance.golden.kinds conformance`. "
            "Where no fault of memory is named, no case is about memory yet."
        ),
        "",
        "| in | fault | n | noticed by, for instance |",
        "|---|---|---|---|",
    ]
    rows: dict[tuple[str, str], list[Fault]] = {}
    for fault in found:
        rows.setdefault((fault.operation.value, fault.kind), []).append(fault)
    for (operation, kind), members in rows.items():
        numbers = ", ".join(str(fault.n) for fault in members if fault.n)
        cases = dict.fromkeys(case for fault in members for case in found[fault][:1])
        lines.append(f"| {operation} | {kind} | {numbers} | {', '.join(cases)} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.kinds", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("operator", nargs="*", help="only these operators")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    arguments = parser.parse_args()
    results = [
        _write(operators.get(name), arguments.folder, check=arguments.check)
        for name in arguments.operator or operators.NAMES
    ]
    return 0 if all(results) else 1


def _write(operator: Operator, folder: Path, *, check: bool) -> bool:
    """Writes what notices the faults of an operator, says which survive, and returns whether all is well."""
    found = noticed(operator)
    alive = [fault for fault, cases in found.items() if not cases]
    for fault in alive:
        print(f"{operator.name}: survives: {fault.operation}: {fault.kind}, n = {fault.n}")  # noqa: T201
    path, text = folder / "operators" / operator.name / "KINDS.md", as_table(operator, found)
    stale = not path.exists() or path.read_text(encoding="utf-8") != text
    if not alive and not check:
        path.write_text(text, encoding="utf-8")
    print(f"{operator.name}: {len(found)} faults of launches and memory, {len(alive)} survive")  # noqa: T201
    return not alive and not (stale and check)


if __name__ == "__main__":
    sys.exit(main())
