"""What is timed of a row: PSRoIAlign on a pyramid, or one of its gradients; always one call for all levels."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """The average of each bin, in channels of its own, from the map of the level that the box's size asks for."""
    BACKWARD = "backward"
    """The gradients of that for the maps of all levels."""
    BOXES = "boxes-backward"
    """The gradient of that for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for maps."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to: no size is near to a bound of levels, and no bin is without samples."""
        return "roikit"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "all levels in one"
