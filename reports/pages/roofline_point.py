"""A kernel of which it was counted what it asks of a GPU."""

from __future__ import annotations

from dataclasses import dataclass

WARP = 32

Key = tuple[str, str, str, str, str, str]
"""Operator, operation, row, library, layout, data type."""


@dataclass(frozen=True, slots=True)
class Point:
    """A profile: what was counted for each value, and how long all of them take.

    Attributes:
        key: What was counted.
        values: How many values there are.
        figures: Counts for each of them, by name.
        predicted: Seconds by the model.
        limited_by: What the model says is short.
        measured: Seconds on a GPU, with cold caches if that was measured; None where no record has it.
    """

    key: Key
    values: int
    figures: dict[str, float]
    predicted: float
    limited_by: str
    measured: float | None

    @property
    def name(self) -> str:
        """Whose kernel, in words."""
        return " ".join(self.key[2:])

    @property
    def intensity(self) -> float:
        """Instructions of a warp for each byte from the L2 cache or to it."""
        return self.figures["instructions"] / WARP / self.figures["l2_bytes"]

    def rate(self, seconds: float) -> float:
        """Instructions of warps in a second."""
        return self.figures["instructions"] / WARP * self.values / seconds

    @property
    def error(self) -> float | None:
        """How many times the predicted time was measured."""
        return None if self.measured is None else self.measured / self.predicted
