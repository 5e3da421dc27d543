"""What is timed of a row: deformable RoI pooling, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes, offsets and gradients of a row."""

    FORWARD = "forward"
    """The average of the samples of each bin, after it was moved."""
    BACKWARD = "backward"
    """The gradient of that for the maps."""
    OFFSETS = "offsets-backward"
    """The gradient of that for the offsets of bins."""
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
