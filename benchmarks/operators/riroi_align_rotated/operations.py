"""What is timed of a row: rotation-invariant RoIAlign, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """The average of the samples of each bin, mixed of two orientations."""
    BACKWARD = "backward"
    """The gradient of that for the maps."""
    BOXES = "boxes-backward"
    """The gradient of that for centres, sizes and angles."""

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
