"""What is timed of a row: the weighted mean of each bin, one of its gradients, or a maximum; always a call per level."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, weights, boxes and gradients of a row."""

    FORWARD = "forward"
    """The mean of the samples of each bin, in which each pixel counts as much as its weight."""
    MAXIMUM = "maximum"
    """The greatest of the samples of each bin, of pixels times their weights."""
    BACKWARD = "backward"
    """The gradient of that for the maps."""
    WEIGHTS = "weights-backward"
    """The gradient of that for the weights."""
    BOXES = "boxes-backward"
    """The gradient of that for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self == Operation.BACKWARD

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to."""
        return "torchvision-aligned"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"
