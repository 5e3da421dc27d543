"""Shows that the golden cases are adequate: which cases notice which fault of `mutants.py`, under which dialect.

``python -m roikit.conformance.adequacy FILE`` writes the certificate as JSON; with ``--check`` it only says whether the file is
as it would write it. A fault that no case notices is a survivor, and fails either way.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .case import box_rows, feature_map, load_cases
from .faults import Call
from .judge import Verdict, judge_output
from .mutants import MUTANTS, main_dialects
from .oracle import Special

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kernels.dialect import Dialect
    from .case import Case
    from .mutants import Mutant

DTYPE = "float64"  # the arithmetic of a mutant is exact; its output is compared in this type


def _call(case: Case, dialect: Dialect) -> Call:
    arguments = case.arguments
    return Call(
        input=feature_map(arguments["input"]),
        boxes=box_rows(arguments["boxes"]),
        output_size=tuple(arguments["output_size"]),
        spatial_scale=tuple(arguments["spatial_scale"]),
        sampling_ratio=tuple(arguments["sampling_ratio"]),
        mode=arguments["mode"],
        dialect=dialect,
    )


def _float(value: Any) -> float:
    if value is None or value in (Special.NAN, Special.NONFINITE):
        return float("nan")
    return float("-inf") if value is Special.MINUS_INFINITY else float(value)


def notices(case: Case, mutant: Mutant, name: str, dialect: Dialect) -> bool:
    """Returns whether a case fails an implementation with this fault."""
    expectation = case.expectation(name, DTYPE)
    if expectation is None or not mutant.concerns(dialect, case.arguments["mode"]):
        return False
    output = mutant.output(_call(case, dialect))
    shape = (len(case.arguments["boxes"]), case.arguments["input"]["shape"][1], *case.arguments["output_size"])
    numbers = np.array([_float(value) for value in output.flat], np.float64).reshape(shape)
    return judge_output(case, expectation, numbers, DTYPE, "NCHW").verdict != Verdict.CONFORMS


def certificate(cases: Iterable[Case]) -> dict[str, dict[str, list[str]]]:
    """Returns for each fault, and each dialect that it concerns, the ids of the cases that notice it."""
    cases = [case for case in cases if case.kind == "value"]
    killers: dict[str, dict[str, list[str]]] = {}
    for mutant in MUTANTS:
        killers[mutant.name] = {
            name: [case.id for case in cases if notices(case, mutant, name, dialect)]
            for name, dialect in main_dialects().items()
            if any(mutant.concerns(dialect, mode) for mode in ("avg", "max"))
        }
    return killers


def survivors(killers: dict[str, dict[str, list[str]]]) -> list[str]:
    """Returns ``"fault (dialect)"`` for every fault that no case notices under a dialect that it concerns."""
    return [f"{fault} ({dialect})" for fault, found in killers.items() for dialect, ids in found.items() if not ids]


def render(killers: dict[str, dict[str, list[str]]]) -> str:
    """Returns the certificate as text, one line per fault and dialect."""
    faults = []
    for fault, found in killers.items():
        lines = [f"    {json.dumps(dialect)}: {json.dumps(ids)}" for dialect, ids in found.items()]
        faults.append(f"  {json.dumps(fault)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(faults) + "\n}\n"


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.adequacy", description=__doc__)
    parser.add_argument("file", type=Path, help="the certificate")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file would change")
    arguments = parser.parse_args()
    killers = certificate(load_cases())
    alive = survivors(killers)
    for name in alive:
        print(f"survives: {name}")  # noqa: T201
    text = render(killers)
    stale = not arguments.file.exists() or arguments.file.read_text(encoding="utf-8") != text
    if stale and not arguments.check:
        arguments.file.write_text(text, encoding="utf-8")
    print(f"{len(MUTANTS)} faults, {len(alive)} survivors{', the file is stale' if stale and arguments.check else ''}")  # noqa: T201
    return 1 if alive or (stale and arguments.check) else 0


if __name__ == "__main__":
    sys.exit(main())
