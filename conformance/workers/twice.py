"""An implementation in two processes whose memory was filled with different bytes.

Its answers should depend on the call alone. If the two differ, the implementation read memory that it never wrote, or depends on
hidden state.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ..verdict import Judgement, Verdict
from .process import POISONS
from .session import Judged, Session

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from ..results.result import Subject
    from .process import Target
    from .session import Plan

_FILLED = ", ".join(f"0x{poison:02X}" for poison in POISONS)


class Twice:
    """Two sessions that go through the same calls side by side. The second is started when it has one to make."""

    def __init__(self, target: Target, seconds: float, stop: threading.Event) -> None:
        """Remembers the target; ``seconds`` limits each call, and no more are waited for once ``stop`` is set."""
        self.target = target
        self._first, self._second = (Session(target, seconds, stop, poison) for poison in POISONS)

    def open(self) -> Subject:
        """Starts the first worker and returns what it says of its implementation."""
        return self._first.open()

    def close(self) -> None:
        """Ends both workers."""
        with closing(self._first), closing(self._second):
            pass

    def judge(self, plans: Sequence[Plan]) -> Iterator[tuple[Plan, Judged]]:
        """Makes the calls of some cases in both processes, and judges the answers, in order."""
        latest: list[Judged] = []
        others = self._second.judge([plan for plan in plans if _is_made_twice(plan)], lambda: latest[0])
        for plan, judged in self._first.judge(plans):
            latest[:] = [judged]
            if _is_made_twice(plan) and (other := next(others, None)):
                yield plan, together(judged, other[1])
            else:
                yield plan, judged


def open_session(target: Target, seconds: float, stop: threading.Event, *, once: bool) -> Session | Twice:
    """A session in two processes, or in one if each call is to be made ``once`` only."""
    return Session(target, seconds, stop) if once else Twice(target, seconds, stop)


def _is_made_twice(plan: Plan) -> bool:
    """Whether a call is worth two processes: not if it is bad, which ends them, nor if it takes gigabytes."""
    case = plan[0]
    return case.kind in ("value", "property") and case.memory != "sparse"


def together(first: Judged, second: Judged) -> Judged:
    """The judgement of a call that was made in both processes."""
    one, other = first.judgement, second.judgement
    if first.output and second.output and first.output != second.output:
        reason = f"processes whose memory was filled with different bytes ({_FILLED}) gave different results"
        if worse := next((j for j in (one, other) if j.verdict == Verdict.DEVIATES), None):
            return Judged(replace(worse, verdict=Verdict.UNINITIALISED, reason=f"{reason}; {worse.reason}"))
        return Judged(Judgement(Verdict.UNINITIALISED, reason))
    if other.verdict.is_failure and not one.verdict.is_failure:
        return Judged(replace(other, reason=f"in one process of two: {other.reason}"))
    return first
