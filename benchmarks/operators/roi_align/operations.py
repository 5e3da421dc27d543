"""What is timed of a row: RoIAlign or one of its gradients, level by level or all levels at once."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One way to work on the maps, boxes and gradients of a row."""

    FORWARD = "forward"
    """Pools each level by itself: a call per level."""
    BACKWARD = "backward"
    """Works out the gradient for the maps of each level by itself: a call per level."""
    POOLER = "pooler"
    """Chooses the level of each RoI and pools it from there: one call, its output in the order of the boxes."""
    POOLER_BACKWARD = "pooler-backward"
    """Works out the gradients that go with it, for the maps of all levels: one call."""
    BOXES = "boxes-backward"
    """Works out the gradient for the boxes of each level by itself: a call per level."""

    @property
    def all_levels(self) -> bool:
        """Whether one call works on all levels."""
        return self in (Operation.POOLER, Operation.POOLER_BACKWARD)

    @property
    def gradient(self) -> bool:
        """Whether the result is a gradient for the maps."""
        return self in (Operation.BACKWARD, Operation.POOLER_BACKWARD)

    @property
    def aligned(self) -> bool:
        """Whether boxes are shifted by half a pixel; torchvision's pooler cannot."""
        return not self.all_levels

    @property
    def dialect(self) -> str:
        """The rules that everybody is held to."""
        return "torchvision-aligned" if self.aligned else "torchvision"

    @property
    def calls(self) -> str:
        """How a record says what a call works on."""
        return "all levels in one" if self.all_levels else "one per level"
