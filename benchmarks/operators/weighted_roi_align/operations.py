"""What is timed of a row: the weighted mean of each bin, a maximum or another mean, or a gradient; always a call per level."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roikit.kernels.operators.weighted_roi_align.problem import WeightedMode


class Operation(StrEnum):
    """One way to work on the maps, weights, boxes and gradients of a row."""

    FORWARD = "forward"
    """The mean of the samples of each bin, in which each pixel counts as much as its weight."""
    MAXIMUM = "maximum"
    """The greatest of the samples of each bin, of pixels times their weights."""
    POWER_MEAN = "power-mean"
    """The mean of the cubes of their sizes, and its cube root."""
    SOFTMAX = "softmax"
    """Their mean, the more of each the greater it is."""
    BACKWARD = "backward"
    """The gradient of the first, the mean, for the maps."""
    WEIGHTS = "weights-backward"
    """Its gradient for the weights."""
    BOXES = "boxes-backward"
    """Its gradient for the boxes."""
    POWER_MEAN_BACKWARD = "power-mean-backward"
    """The gradient of the power mean for the maps."""
    SOFTMAX_BACKWARD = "softmax-backward"
    """The gradient of the softmax for the maps."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self in (Operation.BACKWARD, Operation.POWER_MEAN_BACKWARD, Operation.SOFTMAX_BACKWARD)

    @property
    def pools(self) -> bool:
        """Whether the result is the output of bins."""
        return self in (Operation.FORWARD, Operation.MAXIMUM, Operation.POWER_MEAN, Operation.SOFTMAX)

    @property
    def mode(self) -> WeightedMode:
        """What a bin makes of its samples."""
        return _MODES.get(self, "avg")

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to."""
        return "torchvision-aligned"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "one per level"


_MODES: dict[Operation, WeightedMode] = {
    Operation.MAXIMUM: "max",
    Operation.POWER_MEAN: "lp",
    Operation.POWER_MEAN_BACKWARD: "lp",
    Operation.SOFTMAX: "softmax",
    Operation.SOFTMAX_BACKWARD: "softmax",
}
