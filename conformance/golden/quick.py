"""The cases of the quick tier: few that together notice every fault which all cases notice, and tell all dialects apart.

``python -m roikit.conformance.golden.quick conformance`` chooses them, in minutes, and writes ``quick.json`` in the folder of
each operator. A fault that none of them notices, though a case of real size does, is an error. With ``--check`` it chooses
nothing, and says whether those that are written down still notice every fault.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import operators
from ..arrays import numpy_dtype
from ..call import DTYPES, LAYOUTS, Unsupported
from ..cases import quick
from ..cases.case import up_to
from ..cases.golden import golden_cases
from ..cases.history import IN_TURN, SEVERAL
from ..operation import Operation
from ..verdict import Verdict
from ..verdicts.judge import judge_output, wanted
from . import adequacy, kinds, ledger, noticing
from .choices import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..cases.case import Case
    from ..operator import Mutant, Operator
    from .launch_faults import Fault

TWICE = 2
"""By how many cases a fault of formulas is noticed, if there are so many: one may be of an operation that a player lacks."""

_DTYPE = "float32"
_PLAIN = "by a plain function"
_SEVERAL = 3  # cases among which one is chosen for a fault of launches
_LARGE = 100_000  # values of an output, from which on a call is dear

Element = tuple[str, ...]
"""Something to be noticed, by its names."""
Choices = dict[Element, list[str]]
"""For each element the ids of the cases that notice it."""


# ---- what there is to notice -----------------------------------------------------------------------------------------


def _formulas(operator: Operator, cases: Iterable[Case]) -> Choices:
    """The faults of formulas under each main dialect, by the cases that the certificate names; of 16 bits, under the first.

    Those of the dialects that a function is judged by are to be noticed in calls that a plain one can be asked for, too.
    """
    small = {m.name for m in operator.mutants if m.dtype in quick.OF_16_BITS}
    ids = {case.id: _is_plain(case) for case in cases}
    found: Choices = defaultdict(list)
    for case, faults in adequacy.recorded(operator.name).items():
        for fault, dialects in faults.items() if case in ids else ():
            for dialect in dialects:
                if fault not in small or dialect == operator.main_dialects[0]:
                    found[fault, dialect].append(case)
                if ids[case] and fault not in small and dialect in operator.function_dialects:
                    found[fault, dialect, _PLAIN].append(case)
    return found


def _is_plain(case: Case) -> bool:
    """Whether a function that only takes what torchvision's takes can be asked for the call of a case."""
    kind = operators.call_type(case.operator)
    arrays: dict[str, Any] = dict.fromkeys(kind.axes.keys() & case.arguments.keys(), np.empty(0))
    dialect = operators.get(case.operator).function_dialects[0]
    call = kind(layout="NCHW", dialect=dialect, **arrays, **kind.parameters_of(case.arguments))
    with suppress(Unsupported):
        call.plain_arguments()
        return case.operation == Operation.FORWARD and case.mode in kind.plain_modes
    return False


def shows(case: Case, mutant: Mutant, dialect: str) -> bool:
    """Whether a case of the quick tier fails an implementation with a fault, in one of the data types in which it is called."""
    operator = operators.get(case.operator)
    called = {dtype for _, dtype, _ in quick.calls_of(case, operator.dialects, quick.dtypes_of(DTYPES), LAYOUTS)}
    if dialect != operator.main_dialects[0]:
        called -= set(quick.OF_16_BITS)
    # A fault of one data type is none of another; float64 is that of faults which have none.
    tried = [dtype for dtype in DTYPES if dtype in called and mutant.dtype in (dtype, "float64")]
    of_dtypes: Iterator[Any] = (replace(mutant, dtype=dtype) for dtype in tried)  # type: ignore[type-var]
    return any(noticing.notices(case, each, dialect, operator.dialects[dialect]) for each in of_dtypes)


def _dialects(cases: Iterable[Case], pairs: Iterable[Element]) -> Choices:
    """Pairs of different dialects, by the cases that tell them apart."""
    asked = [case for case in cases if case.kind == "value" and not quick.is_of_no_rule(case)]
    found = {pair: [case.id for case in asked if tells_apart(case, *pair)] for pair in pairs}
    return {pair: by for pair, by in found.items() if by}


def _pairs(operator: Operator) -> list[Element]:
    """The pairs of dialects that are not one under two names."""
    first = [names[0] for names in quick.names_of_each(operator.name, operator.dialects)]
    return list(itertools.permutations(first, 2))


def tells_apart(case: Case, one: str, other: str) -> bool:
    """Whether what a case expects under one dialect is wrong under another."""
    expected, judged = case.expectation(one, _DTYPE), case.expectation(other, _DTYPE)
    if expected is judged or expected is None or judged is None:
        return False
    right = wanted(case, expected.answers[0]).values.reshape(case.shape).astype(numpy_dtype(_DTYPE))
    return judge_output(case, judged, right, _DTYPE, "NCHW").verdict != Verdict.CONFORMS


def _other_choices(operator: Operator) -> Iterator[tuple[Element, Any]]:
    """Each dialect that a function is judged by, but for one choice."""
    for name, choice in itertools.product(operator.function_dialects, choices(operator)):
        dialect = operator.dialects[name]
        with suppress(ValueError):  # there are none of both
            changed = replace(dialect, **{choice.point: choice.value})
            if changed != dialect:
                yield (f"{choice.point} {choice.value}", name), changed


def _choices(cases: Iterable[Case], sought: Iterable[tuple[Element, Any]]) -> Choices:
    """One other choice, by the small cases that a plain function can be asked for and that notice it."""
    asked = [case for case in cases if case.kind == "value" and _is_plain(case)]
    small = [case for case in asked if not quick.is_large(case) and case.memory != "sparse" and not case.enlarged]
    found = {each: [case.id for case in small if _fails(case, each[1], changed)] for each, changed in sought}
    return {each: by for each, by in found.items() if by}


def _fails(case: Case, name: str, changed: Any) -> bool:
    """Whether a case fails who follows a changed dialect instead of the named one."""
    operator, expectation = operators.get(case.operator), case.expectation(name, _DTYPE)
    if expectation is None or changed.for_mode(case.mode) == operator.dialects[name].for_mode(case.mode):
        return False
    returned = noticing.stored(operator.oracle.values(case.arguments, case.operation, changed), _DTYPE)
    judged = judge_output(case, expectation, returned.reshape(case.shape), _DTYPE, "NCHW")
    return judged.verdict != Verdict.CONFORMS


def _launches(
    operator: Operator, cases: Sequence[Case], faults: Iterable[Fault], several: int
) -> dict[Fault, list[str]]:
    """Faults of launches and of memory under the first main dialect, by at most so many cases that notice them."""
    asked = sorted(filter(quick.is_large, cases), key=_values)
    dialect = operator.main_dialects[0]
    found = {}
    for fault in faults:
        seen = (case.id for case in asked if kinds.notices(case, fault, dialect, _DTYPE))
        found[fault] = list(itertools.islice(seen, several))
    return {fault: by for fault, by in found.items() if by}


def _element(fault: Fault) -> Element:
    return fault.operation.value, fault.kind, str(fault.n)


def _histories(cases: Iterable[Case]) -> Choices:
    """What is another in the second of two calls, for each operation; threads, and forks."""
    found: Choices = defaultdict(list)
    for case in cases:
        if case.kind in SEVERAL:
            changed = [step.changed for step in case.steps] if case.kind == IN_TURN else [""]
            for what in changed:
                found[case.kind, case.operation.value, what].append(case.id)
    return found


# ---- choosing --------------------------------------------------------------------------------------------------------


def _values(case: Case) -> int:
    return math.prod(case.shape)


def choose(noticed: Mapping[Element, Sequence[str]], times: int, cost: Callable[[str], float]) -> list[str]:
    """Few cases that together notice everything, each so many times as far as it can be: by the greedy rule, cheap ones first."""
    by_case: dict[str, list[Element]] = defaultdict(list)
    for element, cases in noticed.items():
        for case in cases:
            by_case[case].append(element)
    missing = {element: min(times, len(cases)) for element, cases in noticed.items()}
    chosen = []

    def gain(case: str) -> float:
        return sum(missing[element] > 0 for element in by_case[case]) / cost(case)

    while by_case and any(missing.values()):
        best = max(sorted(by_case), key=gain)
        for element in by_case.pop(best):
            missing[element] = max(missing[element] - 1, 0)
        chosen.append(best)
    return chosen


def _strike(operator: Operator, claimed: Choices, chosen: Sequence[str], known: dict[tuple[str, ...], bool]) -> bool:
    """Strikes out of ``claimed`` what chosen cases do not notice in the calls of the quick tier; whether there was such.

    It looks no further for what enough of them notice. What was ``known`` and what is found out is kept there.
    """
    cases = {case.id: case for case in golden_cases(operator.name)}
    mutants = {mutant.name: mutant for mutant in operator.mutants}
    struck = False
    for (fault, dialect, *_), by in claimed.items():
        seen = 0
        for case in [name for name in chosen if name in by]:
            key = fault, dialect, case
            if key not in known:
                known[key] = shows(cases[case], mutants[fault], dialect)
            if not known[key]:
                by.remove(case)
                struck = True
            seen += known[key]
            if seen == TWICE:
                break
    return struck


def chosen_of(operator: Operator) -> dict[str, list[str]]:
    """The cases of the quick tier, by what they are there for."""
    cases = [*up_to("real", golden_cases(operator.name))]
    by_id = {case.id: case for case in cases}

    def cost(case: str) -> float:
        return 1 + _values(by_id[case]) / _LARGE

    formulas = _formulas(operator, cases)
    known: dict[tuple[str, ...], bool] = {}
    rules = choose(formulas, TWICE, cost)
    while _strike(operator, formulas, rules, known):
        rules = choose(formulas, TWICE, cost)
    pairs = _pairs(operator)
    told_apart = _dialects((by_id[name] for name in rules), pairs)
    others = _dialects(cases, [pair for pair in pairs if pair not in told_apart])
    others_of_one = [*_other_choices(operator)]
    noticed = _choices((by_id[name] for name in rules), others_of_one)
    missing = _choices(cases, [each for each in others_of_one if each[0] not in noticed])
    launches = {
        _element(fault): by for fault, by in _launches(operator, cases, kinds.faults(operator), _SEVERAL).items()
    }
    return {
        "rules": sorted(rules),
        "dialects": sorted(choose(others, 1, cost)),
        "choices": sorted(choose(missing, 1, cost)),
        "launches": sorted(choose(launches, 1, cost)),
        "histories": sorted(choose(_histories(cases), 1, cost)),
        "refusals": sorted(case.id for case in cases if case.kind == "error"),
    }


# ---- the certificate -------------------------------------------------------------------------------------------------


class Certificate(NamedTuple):
    """What the cases of the quick tier do not notice.

    Attributes:
        alive: What other cases notice in the data types of the quick tier.
        left: What no case notices in them: it shows in other data types only, in which ``--full`` looks, too.
    """

    alive: list[str]
    left: list[str]


def certify(operator: Operator, ids: Iterable[str], share: float = 1) -> Certificate:
    """What some cases do not notice of what all cases of real size notice together.

    With a ``share`` less than 1, a sample of the faults is looked at, another each time, and of what is left it is known in part.
    """
    everything = [*up_to("real", golden_cases(operator.name))]
    names = set(ids)
    some = [case for case in everything if case.id in names]
    chance = Random(int(ledger.seed()))  # noqa: S311 - no secret
    sought = {each: by for each, by in _formulas(operator, everything).items() if chance.random() < share}
    formulas, left = _unnoticed(operator, sought, some, everything)
    of_launches = [fault for fault in kinds.faults(operator) if chance.random() < share]
    of_some = _launches(operator, some, of_launches, 1)
    others_of_one = [each for each in _other_choices(operator) if chance.random() < share]
    told = _choices(some, others_of_one)
    histories = _histories(some)
    alive = [
        *formulas,
        *_choices(everything, [each for each in others_of_one if each[0] not in told]),
        *map(_element, _launches(operator, everything, [fault for fault in of_launches if fault not in of_some], 1)),
        *(h for h in _histories(everything) if h not in histories),
    ]
    return Certificate([_said(each) for each in alive], sorted({_said(each) for each in left}))


def _unnoticed(
    operator: Operator, sought: Choices, some: Sequence[Case], everything: Sequence[Case]
) -> tuple[list[Element], list[Element]]:
    """The faults of formulas that some cases do not notice and others do; and, by name alone, those that no case does."""
    mutants, by_id = {mutant.name: mutant for mutant in operator.mutants}, {case.id: case for case in everything}
    ids = {case.id for case in some}
    alive: list[Element] = []
    left: list[Element] = []
    for (fault, dialect, *how), cases in sought.items():
        for is_chosen in (True, False):
            if any(shows(by_id[c], mutants[fault], dialect) for c in cases if (c in ids) == is_chosen):
                if not is_chosen:
                    alive.append((fault, dialect, *how))
                break
        else:
            left += [] if how else [(fault,)]
    return alive, left


def _said(element: Element) -> str:
    return ", ".join(part for part in element if part not in ("", "0"))


def _write(operator: Operator, folder: Path, *, check: bool) -> bool:
    """Chooses the cases of an operator, says what they do not notice, and returns whether that is nothing."""
    path = folder / "operators" / operator.name / quick.FILE
    parts = json.loads(path.read_text(encoding="utf-8"))["cases"] if check else chosen_of(operator)
    ids = dict.fromkeys(itertools.chain.from_iterable(parts.values()))
    alive, left = certify(operator, ids)
    for name in alive:
        print(f"{operator.name}: not noticed: {name}")  # noqa: T201
    text = as_json(operator, parts, left)
    stale = check and path.read_text(encoding="utf-8") != text
    if not check:
        path.write_text(text, encoding="utf-8")
    outdated = ", the file is stale" if stale else ""
    print(f"{operator.name}: {len(ids)} cases of the quick tier, {len(alive)} complaints{outdated}")  # noqa: T201
    return not alive and not stale


def as_json(operator: Operator, parts: Mapping[str, Sequence[str]], left: Sequence[str]) -> str:
    """The file: the cases by what they are chosen for, and what is left to all cases."""
    edition = max(case.edition for case in golden_cases(operator.name))
    about = "The cases of the quick tier, by what they are chosen for. Written by `python -m roikit.conformance.golden.quick`."
    data = {"about": about, "edition": edition, "of": certified(operator), "cases": parts, "left to --full": left}
    return json.dumps(data, indent=1) + "\n"


def certified(operator: Operator) -> str:
    """A hash of the certificate that cases are chosen by: of another one, others may be."""
    file = operators.folder(operator.name).joinpath("adequacy.json")
    return sha256(file.read_bytes()).hexdigest()[:16]


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.quick", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/: conformance")
    parser.add_argument("operator", nargs="*", help="only these operators")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a fault is not noticed")
    arguments = parser.parse_args()
    asked = [operators.get(name) for name in arguments.operator or operators.NAMES]
    results = [_write(operator, arguments.folder, check=arguments.check) for operator in asked]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
