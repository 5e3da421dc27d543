"""What is timed of a row: RoIPool, by its maximum or its average, or a gradient of it; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """The greatest pixel of each bin."""
    BACKWARD = "backward"
    """The gradient of that for the maps: what arrives at a bin goes to its greatest pixel, the first of several."""
    AVERAGE = "average"
    """The average of the pixels of each bin."""
    AVERAGE_BACKWARD = "average-backward"
    """The gradient of that for the maps."""

    @property
    def mode(self) -> str:
        """What kernels call it."""
        return "avg" if self in (Operation.AVERAGE, Operation.AVERAGE_BACKWARD) else "max"

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self in (Operation.BACKWARD, Operation.AVERAGE_BACKWARD)

    @property
    def dialect(self) -> str:
        """The rules that ours is held to, and everybody who has no others: edges of bins are exact."""
        return "roikit"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
