"""Looks for the smallest fault that gives what an implementation returned where it fails, and what is right where it passes."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np

from .. import operators
from ..arrays import feature_map
from ..cases.quick import is_large
from ..exact.floats import FLOAT_TYPES
from ..golden.choices import choices
from ..operation import Operation
from ..verdict import Verdict
from ..verdicts.judge import judge_output
from . import hypotheses
from .cause import Cause, Untried
from .hypotheses import right

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..cases.case import Case
    from ..golden.choices import Choice
    from .cause import Failing, Passing
    from .hypotheses import Hypothesis

POOLED = "a function that pools what must be refused or give NaN"
"""What remains of bad calls: whatever their results are, they are no numbers that anybody can expect."""

_ANCHORS = 3  # failing calls by which it is seen whether a hypothesis is worth more
_MOST_PASSING = 60  # calls that pass, on which a hypothesis is held against what is right
_ULPS = 8  # by which results may differ from those of a hypothesis: it is exact, and they are computed


class _Search:
    """The search for what explains the failing calls of one operation, declared dialect and data type."""

    def __init__(self, failing: Sequence[Failing], passing: Sequence[Passing], likely: Iterable[str]) -> None:
        """Takes calls of one operation, dialect and data type, and what explained others, which is tried first."""
        first = failing[0]
        self._operator, self._operation = operators.get(first.case.operator), first.case.operation
        self._dialect, self._dtype = first.dialect, first.dtype
        self._failing, self._passing, self._likely = list(failing), passing[:_MOST_PASSING], set(likely)
        self._given: dict[tuple[str, int], bool] = {}
        self._untried = Untried.NOTHING

    def run(self, seconds: float) -> Iterator[tuple[str, Untried, list[Failing]]]:
        """What explains failing calls, best first, each with those that it explains; at the end what nothing does.

        With the latter comes what was not tried on them.
        """
        rest, deadline = self._failing, time.monotonic() + seconds
        hopeless: list[Failing] = []
        while rest:
            found = self._best(rest, deadline)
            if found:
                yield found[0], Untried.NOTHING, found[1]
            elif self._untried:
                break
            else:
                hopeless += rest[:_ANCHORS]
            rest = _without(rest, found[1] if found else rest[:_ANCHORS])
        if pooled := [each for each in (*hopeless, *rest) if each.case.kind == "invalid"]:
            yield POOLED, Untried.NOTHING, pooled
        for untried, calls in ((Untried.NOTHING, hopeless), (self._untried, rest)):
            if unexplained := _without(calls, pooled):
                yield "", untried, unexplained

    def _best(self, rest: Sequence[Failing], deadline: float) -> tuple[str, list[Failing]] | None:
        """The first of the hypotheses that explain most of some calls; simple ones come first."""
        best: tuple[str, list[Failing]] | None = None
        for hypothesis, or_else in self._hypotheses(rest):
            if best and len(best[1]) == len(rest):
                break
            if time.monotonic() > deadline:
                self._untried = or_else
                break
            if not any(self._gives(hypothesis, each) for each in rest[:_ANCHORS]):
                continue
            explained = [each for each in rest if self._gives(hypothesis, each)]
            if len(explained) > (len(best[1]) if best else 0) and self._is_right_where_it_passes(hypothesis):
                best = hypothesis.said, explained
        return best

    def _hypotheses(self, rest: Sequence[Failing]) -> Iterator[tuple[Hypothesis, Untried]]:
        """What may be wrong, simple things first, each with what is untried if it is not looked at any more."""
        if all(is_large(each.case) for each in rest):
            single = [*hypotheses.plain(), *hypotheses.of_launches(self._operator, self._operation)]
        else:
            single = list(self._single())
        for each in sorted(single, key=lambda each: each.said not in self._likely):
            yield each, Untried.SINGLE
        if not is_large(rest[0].case):
            yield from ((each, Untried.PAIRS) for each in self._double())

    def _single(self) -> Iterator[Hypothesis]:
        yield from hypotheses.plain()
        yield from self._of_choices((choice,) for choice in choices(self._operator))
        yield from hypotheses.of_dialects(self._operator, self._dialect)
        yield from hypotheses.of_mutants(self._operator, self._operation, self._dtype)

    def _double(self) -> Iterator[Hypothesis]:
        yield from self._of_choices(hypotheses.pairs(self._operator, self._dialect))
        for choice in choices(self._operator):
            if known := hypotheses.of_choices(self._operator, (choice,), self._dialect):
                for hypothesis in hypotheses.of_mutants(self._operator, self._operation, self._dtype, (choice,)):
                    yield hypothesis._replace(said=f"{known.said}, and {hypothesis.said}")

    def _of_choices(self, several: Iterable[tuple[Choice, ...]]) -> Iterator[Hypothesis]:
        found = (hypotheses.of_choices(self._operator, chosen, self._dialect) for chosen in several)
        return (hypothesis for hypothesis in found if hypothesis)

    def _gives(self, hypothesis: Hypothesis, seen: Failing) -> bool:
        """Whether a hypothesis gives what came; and not what is right but for what rounding does."""
        key = hypothesis.said, id(seen)
        if key not in self._given:
            self._given[key] = _gives(hypothesis, seen)
        return self._given[key]

    def _is_right_where_it_passes(self, hypothesis: Hypothesis) -> bool:
        for case, dialect, dtype in self._passing:
            expectation, answer = case.expectation(dialect, dtype), _answer(hypothesis, case, dialect, dtype)
            if expectation is None or answer is None:
                continue
            if judge_output(case, expectation, answer, dtype, "NCHW").verdict != Verdict.CONFORMS:
                return False
        return True


def _without(calls: Sequence[Failing], others: Sequence[Failing]) -> list[Failing]:
    """Those of the calls that are not among others."""
    return [each for each in calls if not any(each is other for other in others)]


def _gives(hypothesis: Hypothesis, seen: Failing) -> bool:
    answer = _answer(hypothesis, seen.case, seen.dialect, seen.dtype)
    due = right(seen.case, seen.dialect, seen.dtype)
    if answer is None or due is None or answer.shape != seen.output.shape:
        return False
    if _same(answer, seen.output, 0.0):
        return True
    room = _room(seen, due)
    return _same(answer, seen.output, room) and not _same(answer, due, 8 * room)


def _answer(hypothesis: Hypothesis, case: Case, dialect: str, dtype: str) -> np.ndarray | None:
    """What a hypothesis says; nothing where its formulas have no answer."""
    try:
        with np.errstate(all="ignore"):
            return hypothesis.answer(case, dialect, dtype)
    except (ArithmeticError, ValueError, TypeError, IndexError):  # of numbers that are none, in rational arithmetic
        return None


def _same(one: np.ndarray, other: np.ndarray, room: float) -> bool:
    a, b = one.astype(np.float64), other.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return bool(((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= room)).all())


def _greatest(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)].astype(np.float64))
    return float(finite.max(initial=0.0))


def _room(seen: Failing, due: np.ndarray) -> float:
    """By how much rounding may move a result: its size is that of the map, of what is due, or of what came."""
    data = seen.case.arguments["input" if seen.case.operation == Operation.FORWARD else "grad"]
    size = max(_greatest(feature_map(data)), _greatest(due), _greatest(seen.output))
    return _ULPS * 2.0 ** (1 - FLOAT_TYPES[seen.dtype].bits) * size


def diagnose(
    implementation: str, failing: Iterable[Failing], passing: Iterable[Passing], seconds: float
) -> list[Cause]:
    """Why calls of an implementation fail, in about so many seconds, causes that explain most first."""
    deadline, passes, causes = time.monotonic() + seconds, list(passing), []

    def about(call: Failing | Passing) -> tuple[str, str]:
        return call.case.operator, call.case.operation.value

    for (operator, operation), members in itertools.groupby(sorted(failing, key=about), about):
        calls = sorted(members, key=lambda each: (each.dialect, each.dtype, each.output.size))
        small = [each for each in calls if not is_large(each.case)]
        found: dict[tuple[str, Untried], list[Failing]] = {}
        ways = [list(some) for _, some in itertools.groupby(small or calls, lambda each: (each.dialect, each.dtype))]
        for number, some in enumerate(ways):
            way = some[0].dialect, some[0].dtype
            others = [each for each in passes if about(each) == (operator, operation) and each[1:] == way]
            share = (deadline - time.monotonic()) / (len(ways) - number)
            likely = [said for said, _ in found]
            for said, untried, explained in _Search(some, others, likely).run(share):
                found.setdefault((said, untried), []).extend(explained)
        examined, larger = len(small or calls), len(calls) - len(small or calls)
        for (said, untried), explained in sorted(found.items(), key=lambda item: (not item[0][0], -len(item[1]))):
            ids = tuple(dict.fromkeys(each.case.id for each in explained))
            causes.append(
                Cause(
                    implementation,
                    operator,
                    operation,
                    said,
                    len(explained),
                    examined,
                    larger,
                    ids,
                    untried.value,
                    seconds,
                )
            )
    return causes
