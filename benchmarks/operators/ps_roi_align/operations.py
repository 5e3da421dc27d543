"""What is timed of a row: PSRoIAlign, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """The average of each bin, in channels of its own."""
    BACKWARD = "backward"
    """The gradient of that for the maps."""
    BOXES = "boxes-backward"
    """The gradient of that for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to."""
        return "roikit"

    @property
    def sampling(self) -> str:
        """The dialect of RoIAlign by which boxes are sampled."""
        return "torchvision-aligned"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
