"""Batches of calls by chance: an implementation is asked for each, and the first that it gets wrong is shrunk.

A batch is drawn from a seed and its number alone, so that it is the same wherever and whenever it is run, by whomever.
Needs ``pip install 'roikit[fuzz]'``.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from .. import operators
from ..cases.case import Expectation
from ..cases.history import AFTER_FORK, AT_ONCE, IN_TURN, SEVERAL, calls_of
from ..enlarging import Enlarged
from ..operation import Operation
from ..verdict import Judgement, Verdict
from ..verdicts.contested import question_of
from ..workers.greeting import describe
from .cases import Following, answers_of
from .sessions import session_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..cases.case import Case
    from ..results.result import Subject
    from ..workers.process import Target
    from ..workers.session import Plan

CALLS = 100
"""Calls of a batch."""

_SHRINKING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a batch is drawn from. Everything else follows, so that a task may be run anywhere, and again.

    Attributes:
        target: The implementation.
        seed: Of all batches of a run.
        number: Of this batch.
        operator: The operator that is called.
        dialects: Those to draw from.
        dtypes: Those to draw from.
        layouts: Those to draw from.
        modes: Those to draw from.
        operations: Those to draw from.
        boxes: Classes of boxes to draw from; all that can be pooled if there are none.
        kinks: Whether gradients for boxes are judged by the convention where there is no derivative.
        invalid: Whether boxes may be such that they cannot be pooled.
        seconds: Limit of a call.
        once: Whether a call is made in one process only.
        size: ``"small"``, or ``"real"``: some calls are as large as those of use.
        ways: How arrays may lie in memory, of `sizes.ARRANGEMENTS`; in every way if there are none.
        kinds: How calls may follow each other, of `sequences.KINDS`.
    """

    target: Target
    seed: int
    number: int
    operator: str
    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    layouts: tuple[str, ...]
    modes: tuple[str, ...]
    operations: tuple[str, ...]
    boxes: tuple[str, ...]
    kinks: bool
    invalid: bool
    seconds: float
    once: bool
    size: str = "real"
    ways: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("single",)

    def chance(self) -> int:
        """The seed of the batch."""
        about = f"{self.seed} {self.number}" + ("" if self.operator == operators.DEFAULT else f" {self.operator}")
        digest = hashlib.sha256(about.encode()).digest()
        return int.from_bytes(digest[:8], "big")


@dataclass(frozen=True, slots=True)
class Found:
    """A call that goes wrong, as small as it could be made.

    Attributes:
        arguments: The call, or the one that it repeats, as a case file has it.
        operation: What was asked for.
        dialect: The dialect under which it goes wrong.
        dtype: Its data type.
        layout: Its layout.
        verdict: What became of it.
        reason: Why.
        enlarged: How large it is, if it repeats a small one.
        arranged: How arrays lie that are not contiguous.
        following: What follows the call, if it takes several to go wrong.
    """

    arguments: dict[str, Any]
    operation: Operation
    dialect: str
    dtype: str
    layout: str
    verdict: str
    reason: str
    enlarged: Enlarged | None
    arranged: dict[str, str]
    following: Following | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch came to.

    Attributes:
        number: Which it was.
        calls: Calls that were made before anything went wrong, or all.
        rois: RoIs of those calls.
        exact: Calls whose answer had to be equal bit for bit.
        unsupported: Calls that the implementation has no way to make, or nobody can judge.
        found: What went wrong, if anything.
        seconds: How long it took.
        unsure: The first call that went wrong after others, and did not in a process of its own; if there was one.
    """

    number: int
    calls: int
    rois: int
    exact: int
    unsupported: int
    found: Found | None
    seconds: float
    unsure: Found | None = None


_one_at_a_time = threading.Lock()


def tasks_of(subject: Subject, first: Task) -> Task | None:
    """The first task, with what the implementation does not describe taken out of what is drawn from; None if nothing is left."""
    capability = describe(subject).capability(first.operator)
    if capability is None:
        return None
    described = first.target.dialects_of(first.operator, capability.dialects)
    task = replace(
        first,
        dialects=tuple(d for d in described if not first.dialects or d in first.dialects),
        dtypes=tuple(d for d in capability.dtypes if not first.dtypes or d in first.dtypes),
        layouts=tuple(x for x in capability.layouts if not first.layouts or x in first.layouts),
        kinds=tuple(
            k for k in first.kinds if (k != AT_ONCE or capability.threads) and (k != AFTER_FORK or capability.forks)
        ),
        modes=tuple(m for m in capability.modes if not first.modes or m in first.modes),
        operations=tuple(o for o in capability.operations if not first.operations or o in first.operations),
    )
    drawn_from = task.dialects, task.dtypes, task.layouts, task.modes, task.operations, task.kinds
    return task if all(drawn_from) else None


@contextmanager
def _untouched_by_other_modules() -> Iterator[None]:
    """Keeps Hypothesis from drawing constants that stand in whatever modules are loaded, which no two processes share."""
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    nothing = Constants()
    with patch.object(providers, "_get_local_constants", lambda: nothing):
        providers.CONSTANTS_CACHE.cache.clear()
        yield
    providers.CONSTANTS_CACHE.cache.clear()


class _WrongError(Exception):
    """A call goes wrong."""


def run_batch(task: Task) -> Batch:
    """Runs a batch. Only one at a time is run in a process."""
    with _one_at_a_time:
        return _Attempt(task).run()


class _Attempt:
    """A batch while it is run."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.session = session_with(task.target, task.seconds, task.once)
        self.calls = self.rois = self.exact = self.unsupported = 0
        self.found: Found | None = None
        self.unsure: Found | None = None
        self.deadline = float("inf")

    def run(self) -> Batch:
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import seed as seeded
        from hypothesis import strategies as st
        from hypothesis.errors import Flaky, HypothesisWarning

        from . import sizes, strategies

        task, draws = self.task, operators.get(self.task.operator).draws
        assert draws is not None
        drawn = strategies.cases(
            op=task.operator,
            dialects=task.dialects,
            dtypes=task.dtypes,
            modes=task.modes,
            classes=(*(task.boxes or draws.box_classes), *(draws.invalid_classes if task.invalid else ())),
            operations=task.operations,
            kinks=task.kinks,
            size=task.size,
            ways=task.ways or sizes.ARRANGEMENTS,
            kinds=task.kinds,
        )
        configured = settings(
            max_examples=CALLS,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        started = time.perf_counter()
        check = seeded(self.task.chance())(configured(given(drawn, st.sampled_from(self.task.layouts))(self.check)))
        try:
            with _untouched_by_other_modules(), warnings.catch_warnings():
                warnings.simplefilter("ignore", HypothesisWarning)  # that a call is long to print, which nobody does
                check()
        except (_WrongError, Flaky):  # flaky: it does not go wrong each time, or there was no time left to shrink it
            assert self.found is not None
            self.found = self._settled()
        seconds = round(time.perf_counter() - started, 3)
        counts = self.calls, self.rois, self.exact, self.unsupported
        return Batch(self.task.number, *counts, self.found, seconds, self.unsure)

    def check(self, case: Case, layout: str) -> None:
        """Makes a call.

        Raises:
            _WrongError: the answer is wrong.
        """
        if time.perf_counter() > self.deadline:
            return
        searching = self.found is None
        if not case.expected:
            self.unsupported += searching
            return
        if self.found is not None and not self.found.following and case.steps:
            case = calls_of(case)[0].case  # what goes wrong alone is shrunk alone
        (expectation,) = case.expected
        dialect, dtype = expectation.dialects[0], expectation.dtypes[0]
        made = case, dialect, dtype, layout
        # What one call leaves behind for another is judged in a new process: else calls of before may be to blame.
        afresh = self.found is not None and (case.steps or self.found.following)
        judgement = self._judge_afresh(made) if afresh else self._judge(made)
        if searching:
            supported = judgement.verdict != Verdict.UNSUPPORTED
            self.calls += supported
            self.unsupported += not supported
            self.rois += (case.enlarged.rois if case.enlarged else len(case.arguments["boxes"])) * supported
            # All that is not open in a gradient for boxes must be exact.
            is_exact = expectation.bound is None or case.operation == Operation.BOX_GRADIENT
            self.exact += is_exact and supported
        # While it is shrunk, a crash is not to turn into a mere difference, nor a gradient into an output.
        same = (judgement.verdict.value, case.operation)
        if judgement.verdict.is_failure and (self.found is None or same == (self.found.verdict, self.found.operation)):
            if searching:
                first, judgement = judgement, self._judge_afresh(made)
                if not judgement.verdict.is_failure:
                    self.unsure = self.unsure or _found(made, first)
                    return
                made, judgement = self._simpler(made, judgement)
            self._keep(made, judgement)
            raise _WrongError

    def _simpler(self, made: Plan, judgement: Judgement) -> tuple[Plan, Judgement]:
        """The first of some simpler cases of several calls that goes wrong in the same way; the case itself, if there is none.

        What goes wrong alone needs no other call, what goes wrong in turn no threads, and mostly one other call will do.
        """
        case, dialect, dtype, layout = made
        ways = (
            [replace(call, threads=0) for call in dict.fromkeys(made.case for made in calls_of(case))]
            if case.steps
            else []
        )
        ways += [replace(case, kind=IN_TURN, threads=0)] if case.kind in (AT_ONCE, AFTER_FORK) else []
        ways += [replace(case, steps=(step,)) for step in case.steps] if len(case.steps) > 1 else []
        for simpler in ways:
            smaller = simpler, dialect, dtype, layout
            again = self._judge_afresh(smaller)
            if again.verdict == judgement.verdict:
                return smaller, again
        return made, judgement

    def _judge_afresh(self, made: Plan) -> Judgement:
        """The judgement of a call in a new process, in which there was none before."""
        self.session.close()
        return self._judge(made)

    def _judge(self, made: Plan) -> Judgement:
        ((_, judged),) = self.session.judge([made])
        judgement = judged.judgement
        if judgement.verdict == Verdict.DEVIATES and _is_contested(made[0]):
            ((_, again),) = self.session.judge([(_with_other_readings(made), *made[1:])])
            return again.judgement
        return judgement

    def _keep(self, made: Plan, judgement: Judgement) -> None:
        """Keeps the smallest call that goes wrong."""
        found = _found(made, judgement)
        if self.found is None:
            self.deadline = time.perf_counter() + _SHRINKING_SECONDS
            self._first = found
        if self.found is None or _size(found) <= _size(self.found):
            self.found, self._made = found, made

    def _settled(self) -> Found | None:
        """The smallest call that goes wrong: in a new process, too, or the first that did."""
        if self.found is None or self.found is self._first or self.found.following:
            return self.found
        return self.found if self._judge_afresh(self._made).verdict == self.found.verdict else self._first


def _found(made: Plan, judgement: Judgement) -> Found:
    case, dialect, dtype, layout = made
    arguments = {**case.arguments, **({"invalid_rois": list(case.invalid_rois)} if case.invalid_rois else {})}
    steps = tuple({"changed": step.changed, "arguments": dict(step.arguments)} for step in case.steps)
    following = Following(case.kind, steps, case.threads) if steps else None
    what = judgement.verdict.value, judgement.reason
    return Found(
        arguments, case.operation, dialect, dtype, layout, *what, case.enlarged, dict(case.arranged), following
    )


def _size(found: Found) -> tuple[int, ...]:
    images, channels = found.arguments["input"]["shape"][:2]
    large = found.enlarged or Enlarged(images, channels, len(found.arguments["boxes"]))
    steps = found.following.steps if found.following else ()
    kind = SEVERAL.index(found.following.kind) if found.following else 0
    texts = len(json.dumps([found.arguments, *steps]))
    return kind, len(steps), large.rois, large.images * large.channels, len(found.arranged), texts


def _is_contested(case: Case) -> bool:
    calls = [made.case for made in calls_of(case)] if case.kind in SEVERAL else [case]
    return any(map(question_of, calls))


def _with_other_readings(made: Plan) -> Case:
    """The case with what other readings of a contested rule expect of each call."""
    case, dialect, dtype, _ = made
    operator = operators.get(case.operator)

    def widened(expected: tuple[Expectation, ...], arguments: Mapping[str, Any]) -> tuple[Expectation, ...]:
        question = operator.contested_in(arguments.get("mode", ""))
        call = arguments, case.operation, case.enlarged
        others = question.others(dialect) if question else ()
        found = {name: answers_of(operator, *call, name, dtype, kinks=False, bounds=True) for name in others}
        return (*expected, *(Expectation((name,), (dtype,), answers) for name, answers in found.items() if answers))

    steps = (
        step._replace(expected=widened(step.expected, {**case.arguments, **step.arguments})) for step in case.steps
    )
    return replace(case, expected=widened(case.expected, case.arguments), steps=tuple(steps))
