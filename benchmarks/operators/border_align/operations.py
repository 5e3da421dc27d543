"""What is timed of a row: BorderAlign, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """The greatest of the points of each side."""
    BACKWARD = "backward"
    """The gradient of that for the maps, which are read once more to find the greatest."""
    BOXES = "boxes-backward"
    """The gradient of that for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that ours is held to."""
        return "roikit"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
