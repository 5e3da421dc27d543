"""What is timed of a row: weighted RoIAlign on a pyramid, or one of its gradients; always one call for all levels."""

from __future__ import annotations

from enum import StrEnum

from ..weighted_roi_align.operations import Operation as OfOneMap


class Operation(StrEnum):
    """One way to work on the maps, weights, boxes and gradients of a row; of the names that it has of one map."""

    FORWARD = OfOneMap.FORWARD
    """The weighted mean of each bin, from the map of the level that the box's size asks for."""
    MAXIMUM = OfOneMap.MAXIMUM
    """The greatest of the samples of each bin, of pixels times their weights."""
    BACKWARD = OfOneMap.BACKWARD
    """The gradients of the first, the mean, for the maps of all levels."""
    WEIGHTS = OfOneMap.WEIGHTS
    """Its gradients for the weights of all levels."""
    BOXES = OfOneMap.BOXES
    """Its gradient for the boxes."""

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for maps."""
        return self.of_one_map.gradient

    @property
    def pools(self) -> bool:
        """Whether the result is the output of bins."""
        return self.of_one_map.pools

    @property
    def of_one_map(self) -> OfOneMap:
        """What is done with the map of a level."""
        return OfOneMap(str(self))

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to: no size is near to a bound of levels."""
        return "roikit-aligned"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "all levels in one"
