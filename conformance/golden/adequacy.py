"""Which faults the golden cases of an operator notice: every one, under every main dialect in which it can show.

``python -m roikit.conformance.golden.adequacy conformance`` writes the certificate of each operator to ``adequacy.json`` in its
folder, and as a table to ``ADEQUACY.md``; with ``--check`` it only says whether they are as it would write them. A fault that no
case notices is an error, and so is a case that notices no fault without a reason. What the ledger has sealed is taken from the
present certificate, but for a sample.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import operators
from ..cases.case import case_files, load_cases, up_to
from . import noticing, of_operator
from .ledger import Ledger, Row
from .noticing import JUDGED, mains_of, noticed
from .of_operator import CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..cases.case import Case
    from ..operator import Mutant, Operator

SHARE = 0.01
"""Of the cases that are unchanged, what share is tried anew in a run all the same."""

Notices = dict[str, dict[str, tuple[str, ...]]]
"""For each fault, for each case that notices it, the dialects under which it does."""


def cases_of(operator: Operator) -> list[Case]:
    """The golden cases of an operator by which faults of formulas are to be noticed: not those of sizes and of memory."""
    return [c for c in up_to("small", load_cases()) if c.operator == operator.name and not c.arranged]


def by_fault(operator: Operator, by_case: Mapping[str, Mapping[str, Sequence[str]]]) -> Notices:
    """What every fault of an operator is noticed by, from what each case notices."""
    return {
        mutant.name: {case: tuple(faults[mutant.name]) for case, faults in by_case.items() if mutant.name in faults}
        for mutant in operator.mutants
    }


def recorded(operator: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """What is written down of each case of an operator: the faults that it notices, each with the dialects."""
    file = operators.folder(operator).joinpath("adequacy.json")
    data = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"cases": [], "faults": {}}
    found: dict[str, dict[str, tuple[str, ...]]] = {case: {} for case in data["cases"]}
    for fault, digits in data["faults"].items():
        for number, case in enumerate(data["cases"]):
            bits = int(digits[2 * number : 2 * number + 2], 16)
            if bits:
                found[case][fault] = tuple(d for place, d in enumerate(data["dialects"]) if bits >> place & 1)
    return found


def rows_of(operator: Operator) -> list[Row]:
    """The cases of an operator as rows of a ledger: the case, and what is written down of the faults that it notices."""
    known = recorded(operator.name)
    return [
        Row(case["id"], case, known.get(case["id"]))
        for file in case_files(operator.name)
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
        if case["kind"] in JUDGED and case.get("size", "small") == "small" and "arranged" not in case
    ]


def code_of(operator: str) -> str:
    """A hash of the code that computes the certificate of an operator."""
    return of_operator.code_of(operator, noticing.__name__, faults=True)


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
    cases, rows, code = cases_of(operator), rows_of(operator), code_of(operator.name)
    due = of_operator.ledgers(operator.name)[CERTIFICATE].due(rows, code, SHARE)
    by_id = {case.id: case for case in cases}
    tried = of_operator.compute(due, noticed, [by_id[row.name] for row in due.rows], f"{operator.name}, certificate")
    rows = [replace(row, value=tried.get(row.name, row.value)) for row in rows]
    found = by_fault(operator, {row.name: row.value for row in rows})
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
        if not check:
            of_operator.write(folder, operator.name, {CERTIFICATE: Ledger.of(code, rows)})
    outdated = ", the certificate is stale" if stale and check else ""
    print(f"{operator.name}: {len(operator.mutants)} faults, {len(alive)} complaints{outdated}")  # noqa: T201
    return not alive and not (stale and check)


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.adequacy", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("operator", nargs="*", help="only these operators")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    parser.add_argument("--full", action="store_true", help="try everything, whether it has changed or not")
    arguments = parser.parse_args()
    if arguments.full:
        os.environ["ROIKIT_LEDGER"] = "full"
    asked = [operators.get(name) for name in arguments.operator or operators.NAMES]
    results = [_write(operator, arguments.folder, check=arguments.check) for operator in asked]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
