"""What is timed of a row: RoIAlign of volumes, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the volumes, boxes and gradients of a row."""

    FORWARD = "forward"
    """The average of the samples of each bin."""
    BACKWARD = "backward"
    """The gradient of that for the volumes."""
    BOXES = "boxes-backward"
    """The gradient of that for the six coordinates of boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the volumes."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that ours is held to."""
        return "roikit-aligned"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
