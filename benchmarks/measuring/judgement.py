"""Whether what was timed is right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Judgement:
    """How a result compares: ``correct`` if all of it was written and all that was checked is within its bound."""

    correct: bool
    error_over_bound: float
    greatest_error: float
    checked: int
    elements: int
    reason: str = ""
