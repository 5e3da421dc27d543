"""Which faults the golden cases of an operator notice: every one, under every main dialect in which it can show.

``python -m roikit.conformance.golden.adequacy conformance`` writes the certificate of each operator to ``adequacy.json`` in its
folder, and as a table to ``ADEQUACY.md``; with ``--check`` it only says whether they are as it would write them. A fault that no
case notices is an error, and so is a case that notices no fault without a reason.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import operators
from ..cases.case import load_cases
from ..exact.numbers import as_float64
from ..verdict import Verdict
from ..verdicts import properties
from ..verdicts.judge import judge_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from ..cases.case import Case
    from ..operator import Mutant, Operator

DTYPE = "float64"  # the arithmetic of a mutant is exact; its output is compared in this type
JUDGED = ("value", "property")
"""Kinds of cases that may notice a fault."""

Notices = dict[str, dict[str, tuple[str, ...]]]
"""For each fault, for each case that notices it, the dialects under which it does."""


def mains_of(operator: Operator) -> dict[str, Any]:
    """The main dialects of an operator, by name."""
    return {name: operator.dialects[name] for name in operator.main_dialects}


def cases_of(operator: Operator) -> list[Case]:
    """The golden cases of an operator."""
    return [case for case in load_cases() if case.operator == operator.name]


def notices(case: Case, mutant: Mutant, name: str, dialect: Any) -> bool:
    """Whether a case fails an implementation with this fault."""
    expectation = case.expectation(name, DTYPE)
    judged = case.kind in JUDGED and case.operation == mutant.operation
    if not judged or expectation is None or not mutant.concerns(dialect, case.mode):
        return False
    many = case.memory == "sparse"
    if case.kind == "property":
        oracle = operators.get(case.operator).oracle

        def ask(variant: Case) -> np.ndarray:
            if variant.operation != mutant.operation:
                return as_float64(oracle.values(variant.arguments, variant.operation, dialect))
            return as_float64(mutant.returned(variant.arguments, variant.operation, dialect, many=many))

        return properties.check(case, ask).verdict != Verdict.CONFORMS
    output = as_float64(mutant.returned(case.arguments, case.operation, dialect, many=many)).reshape(case.shape)
    return judge_output(case, expectation, output, DTYPE, "NCHW").verdict != Verdict.CONFORMS


def noticed(case: Case) -> dict[str, tuple[str, ...]]:
    """The faults that a case notices, each with the main dialects under which it does."""
    found: dict[str, tuple[str, ...]] = {}
    operator = operators.get(case.operator)
    for mutant in operator.mutants:
        if mutant.operation != case.operation:
            continue
        seen: dict[Any, bool] = {}  # dialects that are the same in this mode are judged once
        names = []
        for name, dialect in mains_of(operator).items():
            same = dialect.for_mode(case.mode)
            if same not in seen:
                seen[same] = notices(case, mutant, name, dialect)
            names += [name] * seen[same]
        if names:
            found[mutant.name] = tuple(names)
    return found


def certificate(operator: Operator, cases: Iterable[Case], processes: int | None = None) -> Notices:
    """What every fault of an operator is noticed by."""
    cases = [case for case in cases if case.kind in JUDGED]
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
        by_case = dict(zip((case.id for case in cases), pool.map(noticed, cases, chunksize=4), strict=True))
    return {
        mutant.name: {case: faults[mutant.name] for case, faults in by_case.items() if mutant.name in faults}
        for mutant in operator.mutants
    }


def concerned(operator: Operator, mutant: Mutant) -> list[str]:
    """The main dialects under which a fault can show."""
    mains = mains_of(operator).items()
    return [name for name, d in mains if any(mutant.concerns(d, mode) for mode in operator.modes or ("",))]


def survivors(operator: Operator, found: Notices) -> list[str]:
    """``"fault (dialect)"`` for every fault that no case notices under a dialect that it concerns."""
    return [
        f"{mutant.name} ({dialect})"
        for mutant in operator.mutants
        for dialect in concerned(operator, mutant)
        if not any(dialect in dialects for dialects in found[mutant.name].values())
    ]


def blind(found: Notices, cases: Iterable[Case]) -> list[str]:
    """The ids of the cases that notice no fault."""
    useful = {case for by_case in found.values() for case in by_case}
    return [case.id for case in cases if case.kind in JUDGED and case.id not in useful]


def as_json(operator: Operator, found: Notices, cases: Sequence[Case]) -> str:
    """The certificate: for each fault a string with two hexadecimal digits per case, a bit for each dialect."""
    names = list(operator.main_dialects)
    ids = [case.id for case in cases if case.kind in JUDGED]

    def digits(by_case: dict[str, tuple[str, ...]]) -> str:
        return "".join(f"{sum(1 << names.index(d) for d in by_case.get(case, ())):02x}" for case in ids)

    faults = {name: digits(by_case) for name, by_case in found.items()}
    about = "Two hexadecimal digits per case, in the order of `cases`: bit d is set if it notices the fault under `dialects[d]`."
    return json.dumps({"about": about, "dialects": names, "cases": ids, "faults": faults}, indent=1) + "\n"


def _about(operator: Operator, total: int) -> str:
    names = operator.main_dialects
    return (
        f"{len(operator.mutants)} faults, each injected into the exact oracle, under {len(names)} main dialects "
        f"({', '.join(names)}), against {total} cases. A number is how many cases notice the fault under the dialect "
        "under which fewest do; a fault cannot show under dialects that are not counted. `adequacy.json` has all of it. "
        "Written by `python -m roikit.conformance.golden.adequacy conformance`."
    )


def as_table(operator: Operator, found: Notices, cases: Sequence[Case]) -> str:
    """The certificate as Markdown: what notices each fault, and why what cannot be noticed cannot."""
    lines = [
        "# Which faults the golden cases notice",
        "",
        _about(operator, sum(case.kind in JUDGED for case in cases)),
        "",
        "| fault | seen at | dialects | cases | for instance |",
        "|---|---|--:|--:|---|",
    ]
    for mutant in operator.mutants:
        dialects, by_case = concerned(operator, mutant), found[mutant.name]
        least = min(sum(d in seen for seen in by_case.values()) for d in dialects)
        # Cases that notice little else say most.
        some = sorted(by_case, key=lambda case: (sum(case in other for other in found.values()), case))[:3]
        lines.append(f"| {mutant.name} | {mutant.who} | {len(dialects)} | {least} | {', '.join(some)} |")
    lines += ["", "## Where a fault cannot show", ""]
    reasons: dict[str, list[str]] = {}
    for mutant in operator.mutants:
        if mutant.equivalent:
            reasons.setdefault(mutant.equivalent, []).append(mutant.name)
    lines += [f"* {why} ({', '.join(names)})" for why, names in reasons.items()]
    lines += ["* Elsewhere a fault that is a choice of a dialect cannot show under dialects that make it themselves."]
    lines += ["", "## Cases that notice no fault", ""]
    lines += [f"* {case}: {operator.blind[case]}." for case in blind(found, cases)]
    return "\n".join(lines) + "\n"


def _write(operator: Operator, folder: Path, *, check: bool) -> bool:
    """Makes an operator's certificate, says what is wrong with it, and returns whether all is well."""
    cases = cases_of(operator)
    found = certificate(operator, cases)
    alive = [f"survives: {name}" for name in survivors(operator, found)]
    alive += [f"notices nothing, without a reason: {case}" for case in set(blind(found, cases)) - set(operator.blind)]
    for line in alive:
        print(line)  # noqa: T201
    stale = False
    if not alive:
        texts = {"adequacy.json": as_json(operator, found, cases), "ADEQUACY.md": as_table(operator, found, cases)}
        for name, text in texts.items():
            path = folder / "operators" / operator.name / name
            stale |= not path.exists() or path.read_text(encoding="utf-8") != text
            if not check:
                path.write_text(text, encoding="utf-8")
    outdated = ", the certificate is stale" if stale and check else ""
    print(f"{operator.name}: {len(operator.mutants)} faults, {len(alive)} complaints{outdated}")  # noqa: T201
    return not alive and not (stale and check)


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.adequacy", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("operator", nargs="*", help="only these operators")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    arguments = parser.parse_args()
    asked = [operators.get(name) for name in arguments.operator or operators.NAMES]
    results = [_write(operator, arguments.folder, check=arguments.check) for operator in asked]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
