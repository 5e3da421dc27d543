"""What is timed of a row: crop_and_resize, or one of its gradients; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the images, boxes and gradients of a row."""

    FORWARD = "forward"
    """The crops."""
    BACKWARD = "backward"
    """The gradient for the images."""
    BOXES = "boxes-backward"
    """The gradient for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the images."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that ours is held to."""
        return "roikit"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
