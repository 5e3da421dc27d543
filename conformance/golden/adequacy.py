"""Shows that the golden cases are adequate: which cases notice which fault of `mutants.py`, under which dialect.

``python -m roikit.conformance.golden.adequacy FOLDER`` writes the certificate to ``adequacy.json`` in FOLDER (``conformance``),
and as a table to ``ADEQUACY.md``; with ``--check`` it only says whether they are as it would write them. A fault that no case
notices is a survivor, and fails either way.
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

import numpy as np

from ..arrays import box_rows, feature_map
from ..cases.case import load_cases
from ..exact.numbers import Special
from ..operators.roi_align.faults.formulas import Call
from ..operators.roi_align.faults.gradient_mutants import GRADIENT_MUTANTS
from ..operators.roi_align.faults.mutants import MUTANTS, Mutant, main_dialects
from ..verdicts import properties
from ..verdicts.judge import judge_output
from ..verdicts.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...kernels.dialects.roi_align import Dialect
    from ..cases.case import Case

DTYPE = "float64"  # the arithmetic of a mutant is exact; its output is compared in this type
ALL_MUTANTS = (*MUTANTS, *GRADIENT_MUTANTS)

Notices = dict[str, dict[str, tuple[str, ...]]]
"""For each fault, for each case that notices it, the dialects under which it does."""

BLIND = {
    "pub-rten-no-boxes": "asks for the shape of an output without values",
    "no-rois": "asks for the shape of an output without values",
    "no-channels": "asks for the shape of an output without values",
    "no-images": "asks for the shape of an output without values",
    "gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
    "box-gradient-no-rois": "asks for the shape of a gradient without values",
}
"""Why there is a case that notices no fault, or next to none."""


def _call(case: Case, dialect: Dialect) -> Call:
    arguments = case.arguments
    return Call(
        input=feature_map(arguments["input"]),
        boxes=box_rows(arguments["boxes"]),
        output_size=tuple(arguments["output_size"]),
        spatial_scale=tuple(arguments["spatial_scale"]),
        sampling_ratio=tuple(arguments["sampling_ratio"]),
        mode=case.mode,
        dialect=dialect,
        operation=case.operation,
        grad=feature_map(arguments["grad"]) if "grad" in arguments else None,
        many=case.memory == "sparse",
    )


def _float(value: Any) -> float:
    if value is None or value in (Special.NAN, Special.NONFINITE):
        return float("nan")
    return float("-inf") if value is Special.MINUS_INFINITY else float(value)


def _floats(values: Any, shape: Sequence[int]) -> np.ndarray:
    return np.array([_float(value) for value in values.flat], np.float64).reshape(shape)


def notices(case: Case, mutant: Mutant, name: str, dialect: Dialect) -> bool:
    """Returns whether a case fails an implementation with this fault."""
    expectation = case.expectation(name, DTYPE)
    judged = case.kind in ("value", "property") and case.operation == mutant.operation
    if not judged or expectation is None or not mutant.concerns(dialect, case.mode):
        return False
    if case.kind == "property":

        def ask(variant: Case) -> np.ndarray:
            faulty = mutant if variant.operation == mutant.operation else Mutant("none")
            return _floats(faulty.output(_call(variant, dialect)), variant.shape)

        return properties.check(case, ask).verdict != Verdict.CONFORMS
    output = _floats(mutant.output(_call(case, dialect)), case.shape)
    return judge_output(case, expectation, output, DTYPE, "NCHW").verdict != Verdict.CONFORMS


def noticed(case: Case) -> dict[str, tuple[str, ...]]:
    """Returns the faults that a case notices, each with the main dialects under which it does."""
    found: dict[str, tuple[str, ...]] = {}
    for mutant in ALL_MUTANTS:
        if mutant.operation != case.operation:
            continue
        seen: dict[Dialect, bool] = {}  # dialects that are the same in this mode are judged once
        names = []
        for name, dialect in main_dialects().items():
            same = dialect.for_mode(case.mode)
            if same not in seen:
                seen[same] = notices(case, mutant, name, dialect)
            names += [name] * seen[same]
        if names:
            found[mutant.name] = tuple(names)
    return found


def certificate(cases: Iterable[Case], processes: int | None = None) -> Notices:
    """Returns what every fault is noticed by."""
    cases = [case for case in cases if case.kind in ("value", "property")]
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
        by_case = dict(zip((case.id for case in cases), pool.map(noticed, cases, chunksize=4), strict=True))
    return {
        mutant.name: {case: faults[mutant.name] for case, faults in by_case.items() if mutant.name in faults}
        for mutant in ALL_MUTANTS
    }


def concerned(mutant: Mutant) -> list[str]:
    """Returns the main dialects under which a fault can show."""
    return [name for name, d in main_dialects().items() if any(mutant.concerns(d, mode) for mode in ("avg", "max"))]


def survivors(found: Notices) -> list[str]:
    """Returns ``"fault (dialect)"`` for every fault that no case notices under a dialect that it concerns."""
    return [
        f"{mutant.name} ({dialect})"
        for mutant in ALL_MUTANTS
        for dialect in concerned(mutant)
        if not any(dialect in dialects for dialects in found[mutant.name].values())
    ]


def blind(found: Notices, cases: Iterable[Case]) -> list[str]:
    """Returns the ids of the cases that notice no fault."""
    useful = {case for by_case in found.values() for case in by_case}
    return [case.id for case in cases if case.kind in ("value", "property") and case.id not in useful]


def as_json(found: Notices, cases: Sequence[Case]) -> str:
    """Returns the certificate: for each fault a string with two hexadecimal digits per case, a bit for each dialect."""
    names = list(main_dialects())
    ids = [case.id for case in cases if case.kind in ("value", "property")]

    def digits(by_case: dict[str, tuple[str, ...]]) -> str:
        return "".join(f"{sum(1 << names.index(d) for d in by_case.get(case, ())):02x}" for case in ids)

    faults = {name: digits(by_case) for name, by_case in found.items()}
    about = "Two hexadecimal digits per case, in the order of `cases`: bit d is set if it notices the fault under `dialects[d]`."
    return json.dumps({"about": about, "dialects": names, "cases": ids, "faults": faults}, indent=1) + "\n"


def _about(total: int) -> str:
    return (
        f"{len(ALL_MUTANTS)} faults, each injected into the exact oracle, under {len(main_dialects())} main dialects "
        f"({', '.join(main_dialects())}), against {total} cases. A number is how many cases notice the fault under the dialect "
        "under which fewest do; a fault cannot show under dialects that are not counted. `adequacy.json` has all of it. "
        "Written by `python -m roikit.conformance.golden.adequacy conformance`."
    )


def as_table(found: Notices, cases: Sequence[Case]) -> str:
    """Returns the certificate as Markdown: what notices each fault, and why what cannot be noticed cannot."""
    total = sum(case.kind in ("value", "property") for case in cases)
    lines = [
        "# Which faults the golden cases notice",
        "",
        _about(total),
        "",
        "| fault | seen at | dialects | cases | for instance |",
        "|---|---|--:|--:|---|",
    ]
    for mutant in ALL_MUTANTS:
        dialects, by_case = concerned(mutant), found[mutant.name]
        least = min(sum(d in seen for seen in by_case.values()) for d in dialects)
        # Cases that notice little else say most.
        some = sorted(by_case, key=lambda case: (sum(case in other for other in found.values()), case))[:3]
        lines.append(f"| {mutant.name} | {mutant.who} | {len(dialects)} | {least} | {', '.join(some)} |")
    lines += ["", "## Where a fault cannot show", ""]
    reasons: dict[str, list[str]] = {}
    for mutant in ALL_MUTANTS:
        if mutant.equivalent:
            reasons.setdefault(mutant.equivalent, []).append(mutant.name)
    lines += [f"* {why} ({', '.join(names)})" for why, names in reasons.items()]
    lines += ["* Elsewhere a fault that is a choice of a dialect cannot show under dialects that make it themselves."]
    lines += ["", "## Cases that notice no fault", ""]
    lines += [f"* {case}: {BLIND[case]}." for case in blind(found, cases)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.adequacy", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    arguments = parser.parse_args()
    cases = load_cases()
    found = certificate(cases)
    alive = [f"survives: {name}" for name in survivors(found)]
    alive += [f"notices nothing, without a reason: {case}" for case in set(blind(found, cases)) - set(BLIND)]
    for line in alive:
        print(line)  # noqa: T201
    stale = False
    if not alive:
        for name, text in (("adequacy.json", as_json(found, cases)), ("ADEQUACY.md", as_table(found, cases))):
            path = arguments.folder / "operators" / "roi_align" / name
            stale |= not path.exists() or path.read_text(encoding="utf-8") != text
            if not arguments.check:
                path.write_text(text, encoding="utf-8")
    outdated = ", the certificate is stale" if stale and arguments.check else ""
    print(f"{len(ALL_MUTANTS)} faults, {len(alive)} complaints{outdated}")  # noqa: T201
    return 1 if alive or (stale and arguments.check) else 0


if __name__ == "__main__":
    sys.exit(main())
