"""Verdicts, and their reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What became of one case under one implementation, dialect, data type and layout."""

    CONFORMS = "conforms"
    DEVIATES = "deviates"
    CONTESTED = "contested"
    """Not what its dialect says, but what another reading of a contested rule does."""
    KNOWN = "known"
    """Deviates, and the list of known deviations says so."""
    UNEXPECTED_PASS = "unexpected-pass"
    """Conforms, although the list of known deviations says that it does not."""
    UNSUPPORTED = "unsupported"
    REJECTED = "rejected"
    """Raised an error where a value was due."""
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    NONDETERMINISTIC = "nondeterministic"
    UNINITIALISED = "uninitialised"
    """Differs between two processes whose memory was filled with different bytes."""
    WROTE_OUTSIDE = "wrote-outside"
    OVERWROTE = "overwrote"
    """Changed its arguments."""

    @property
    def is_failure(self) -> bool:
        """Whether it makes a run fail."""
        return self not in (Verdict.CONFORMS, Verdict.KNOWN, Verdict.CONTESTED, Verdict.UNSUPPORTED)


FAILURES = tuple(verdict for verdict in Verdict if verdict.is_failure)

_REFUSED = "refused: "


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its reason.

    Attributes:
        verdict: The verdict.
        reason: One sentence; empty if it conforms.
        difference: First differing element: ``index`` (k, c, p, q; or that of a gradient), ``expected``, ``got``; None if
            there is none.
        error_over_bound: Greatest error as a fraction of its bound; None without bounds.
        not_finite: Whether a NaN or an infinite value came where a number was due.
        listed: The verdict that it would have if it were not a known deviation.
    """

    verdict: Verdict
    reason: str = ""
    difference: dict[str, Any] | None = None
    error_over_bound: float | None = None
    not_finite: bool = False
    listed: Verdict | None = None

    @classmethod
    def of_refusal(cls, error: str) -> Judgement:
        """That of a call which must be refused, and was, by ``error``."""
        return cls(Verdict.CONFORMS, f"{_REFUSED}{error}")

    @property
    def refused(self) -> bool:
        """Whether it conforms because the call was refused."""
        return self.verdict == Verdict.CONFORMS and self.reason.startswith(_REFUSED)


ACCIDENTS = (
    "MemoryError",
    "SystemError",
    "RecursionError",
    "OverflowError",
    "UnboundLocalError",
    "NameError",
    "ZeroDivisionError",
    "NoAnswerError",
)
"""Exceptions that no library means to raise: they tell that bad input went unnoticed for a while. The last one is ours: what was
returned is no answer."""
