"""An implementation in two processes whose memory was filled with different bytes.

Its answers should depend on the call alone. If the two differ, the implementation read memory that it never wrote, or depends on
hidden state: on which kernel was fastest, or which thread came first. So memory is accused only if more processes, the witnesses,
show that answers follow what it was filled with; what differs otherwise is left to chance, and fails only where it is wrong.
"""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from ..cases.history import IN_TURN
from ..verdict import Judgement, Verdict
from .process import POISONS
from .session import Judged, Session

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from ..results.result import Subject
    from .process import Target
    from .session import Plan

_WITNESSES = 2 * POISONS
_FILLED = ", ".join(f"0x{poison:02X}" for poison in POISONS)


class Twice:
    """Two sessions that go through the same calls side by side. The second is started when it has one to make."""

    def __init__(
        self,
        target: Target,
        seconds: float,
        stop: threading.Event,
        is_listed: Callable[[Plan], bool] = lambda _: False,
    ) -> None:
        """Remembers the target; ``seconds`` limits each call, and no more are waited for once ``stop`` is set.

        ``is_listed`` says which calls are known to fail.
        """
        self.target = target
        self._first, self._second = (Session(target, seconds, stop, poison, is_listed) for poison in POISONS)
        self._witnesses = [Session(target, seconds, stop, poison) for poison in _WITNESSES]
        self._varies = False

    def open(self) -> Subject:
        """Starts the first worker and returns what it says of its implementation."""
        return self._first.open()

    def close(self) -> None:
        """Ends all workers."""
        with ExitStack() as stack:
            for session in (self._first, self._second, *self._witnesses):
                stack.callback(session.close)

    def judge(self, plans: Sequence[Plan]) -> Iterator[tuple[Plan, Judged]]:
        """Makes the calls of some cases in both processes, and judges the answers, in order."""
        latest: list[Judged] = []
        others = self._second.judge([plan for plan in plans if _is_made_twice(plan)], lambda: latest[0])
        for plan, judged in self._first.judge(plans):
            latest[:] = [judged]
            if _is_made_twice(plan) and (other := next(others, None)):
                yield plan, self._together(plan, judged, other[1])
            else:
                yield plan, judged

    def _together(self, plan: Plan, first: Judged, second: Judged) -> Judged:
        """The judgement of a call that was made in both processes.

        Once processes whose memory was filled alike were seen to differ, differences between right answers say nothing of memory.
        """
        both = together(first, second)
        if both.judgement.verdict != Verdict.UNINITIALISED:
            return both
        if Verdict.DEVIATES in _verdicts(first, second):
            return both if self._follow_memory(plan, first, second) else _by_chance(first, second)
        for alike, witness in zip(
            itertools.cycle((first, second)), () if self._varies else self._witnesses, strict=False
        ):
            for _, judged in witness.judge([plan]):
                if judged.judgement.verdict.is_failure:
                    return _in_one_process(judged, "several")
                self._varies |= judged.output != alike.output
            if self._varies:
                break
        return first if self._varies else both

    def _follow_memory(self, plan: Plan, first: Judged, second: Judged) -> bool:
        """Whether a process whose memory was filled as that of one of these gives what it gave."""
        return all(
            judged.output == alike.output
            for alike, witness in zip(itertools.cycle((first, second)), self._witnesses, strict=False)
            for _, judged in witness.judge([plan])
        )


def open_session(
    target: Target,
    seconds: float,
    stop: threading.Event,
    is_listed: Callable[[Plan], bool] = lambda _: False,
    *,
    once: bool,
) -> Session | Twice:
    """A session in two processes, or in one if each call is to be made ``once`` only."""
    if once:
        return Session(target, seconds, stop, is_listed=is_listed)
    return Twice(target, seconds, stop, is_listed)


def _is_made_twice(plan: Plan) -> bool:
    """Whether a call is worth two processes: not if it is bad, which ends them, nor if it is large.

    Of a large call, memory that was never written to is as wrong in one process: it holds what the poison is, and not a number.
    """
    case = plan[0]
    return case.kind in ("value", "property", IN_TURN) and case.memory != "sparse" and case.size == "small"


def _verdicts(*answers: Judged) -> set[Verdict]:
    return {answer.judgement.verdict for answer in answers}


def together(first: Judged, second: Judged) -> Judged:
    """The judgement of a call that was made in both processes."""
    one, other = first.judgement, second.judgement
    if first.output and second.output and first.output != second.output:
        reason = f"processes whose memory was filled with different bytes ({_FILLED}) gave different results"
        if worse := next((j for j in (one, other) if j.verdict == Verdict.DEVIATES), None):
            return Judged(replace(worse, verdict=Verdict.UNINITIALISED, reason=f"{reason}; {worse.reason}"))
        return Judged(Judgement(Verdict.UNINITIALISED, reason))
    if other.verdict.is_failure and not one.verdict.is_failure:
        return _in_one_process(second, "two")
    return first


def _by_chance(first: Judged, second: Judged) -> Judged:
    """That of two answers, one of which is wrong at least, that differ however memory is filled."""
    worse = next(each.judgement for each in (first, second) if each.judgement.verdict == Verdict.DEVIATES)
    reason = f"processes gave different results, those too whose memory was filled alike; {worse.reason}"
    return Judged(replace(worse, verdict=Verdict.NONDETERMINISTIC, reason=reason))


def _in_one_process(judged: Judged, of: str) -> Judged:
    return Judged(replace(judged.judgement, reason=f"in one process of {of}: {judged.judgement.reason}"))
