"""What a call asks for whose bins each read channels of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedGradient(Problem):
    """A gradient for such maps, whose ``channels`` these are."""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what arrives at the output, in the layout of the call."""
        channels = channels_of(self.channels, self.bins)
        return (self.rois, channels, *self.bins) if self.layout == "NCHW" else (self.rois, *self.bins, channels)


def channels_of(channels: int, bins: tuple[int, int]) -> int:
    """How many channels the output has, of maps that have so many.

    Raises:
        ValueError: they have not as many for each bin.
    """
    groups = max(1, math.prod(bins))
    if channels % groups:
        raise ValueError(
            f"input must have as many channels for each of the {bins[0]} x {bins[1]} bins: a multiple of {groups}, not {channels}"
        )
    return channels // groups
