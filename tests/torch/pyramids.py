"""How operators on pyramids are called in the tests that all of them share (`test_pyramids.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

import roikit.torch

SCALES = (0.5, 0.25, 0.125)
SIZES = ((9, 11), (5, 6), (3, 3))
HOW = {"canonical_size": 8, "canonical_level": 2}
LEVELS = [0, 1, 1, 0, 2]
"""Of the boxes of examples."""

CORNERS = torch.tensor(
    [
        [0, 6.5, 5, 13.5, 11],  # of the first level, whose boxes are smaller than 8 x 8
        [1, 5.5, 5.7, 19.5, 14.3],
        [0, 6.5, -4, 11.5, 26],
        [1, 7.8, 10, 8.6, 11.2],
        [1, -12, -9.5, 28, 25.5],  # of the last
    ]
)
CENTRES = torch.tensor(
    [
        [0, 10, 8, 7, 6, 0.3],
        [1, 12.5, 10, 14, 8.6, -1.2],
        [0, 9, 11, 5, 30, 2.5],
        [1, 8.2, 10.6, 0.8, 1.2, 4],
        [1, 8, 8, 40, 35, 0.7],
    ]
)


@dataclass(frozen=True)
class Pyramid:
    """An operator.

    Attributes:
        name: Of its function.
        module: Of its class.
        alone: Of the function that pools from one map.
        boxes: Rows, of `LEVELS`.
        channels: Of the maps.
        bins: Of an output.
        options: What its operators take after the scales and the sampling ratio, before a dialect and what levels are chosen by.
        is_weighed: Whether its maps have weights.
        ways: Of gradients: what calls are given besides.
    """

    name: str
    module: str
    alone: str
    boxes: torch.Tensor
    channels: int = 3
    bins: tuple[int, int] = (3, 2)
    options: tuple[Any, ...] = ("NCHW",)
    is_weighed: bool = False
    ways: tuple[dict[str, Any], ...] = ({},)

    def maps(self, dtype=torch.float32, layout="NCHW"):
        """Of whole numbers."""
        chance = torch.Generator().manual_seed(0)
        maps = [torch.randint(-9, 10, (2, self.channels, *size), generator=chance).to(dtype) for size in SIZES]
        return [like(each, layout) for each in maps]

    def weights(self, dtype=torch.float32, layout="NCHW"):
        """Of each level, for all channels; none if it is not weighed."""
        chance = torch.Generator().manual_seed(1)
        found = [torch.randint(1, 10, (2, 1, *size), generator=chance).to(dtype) for size in SIZES]
        return [like(each, layout) for each in found] if self.is_weighed else []

    def __call__(self, maps, boxes, weights=(), size=None, **how):
        """The output of its function."""
        beside = [weights] if self.is_weighed else []
        return self.function(maps, boxes, *beside, size or self.bins, SCALES, 2, **HOW, **how)

    @property
    def function(self):
        """That of `roikit.torch`."""
        return getattr(roikit.torch, self.name)

    def of_level(self, level, maps, boxes, weights):
        """The output of who pools from one map, of that of a level."""
        beside = [weights[level]] if self.is_weighed else []
        return getattr(roikit.torch, self.alone)(maps[level], boxes, *beside, self.bins, SCALES[level], 2)

    def made_module(self):
        """Its module."""
        return getattr(roikit.torch, self.module)(self.bins, SCALES, 2, **HOW)


def like(tensor, layout):
    """The same in a layout."""
    return tensor if layout == "NCHW" else tensor.permute(0, 2, 3, 1).contiguous()


PYRAMIDS = {
    pyramid.name: pyramid
    for pyramid in (
        Pyramid(
            "multiscale_ps_roi_align", "MultiScalePSRoIAlign", "ps_roi_align", CORNERS, channels=8, bins=(4, 1),
            ways=({}, {"dialect": "roikit-bin-major"}, {"dialect": "gluoncv"}),
        ),
        Pyramid(
            "multiscale_roi_align_rotated", "MultiScaleRoIAlignRotated", "roi_align_rotated", CENTRES,
            options=(True, False, "NCHW"), ways=({}, {"clockwise": True}, {"dialect": "detectron2"}),
        ),
        Pyramid(
            "multiscale_weighted_roi_align", "MultiScaleWeightedRoIAlign", "weighted_roi_align", CORNERS,
            options=(False, "avg", 3.0, 1.0, False, "zero", 1e-6, "images", "NCHW"), is_weighed=True,
            ways=({}, {"normalise": True}, {"dialect": "detectron2", "normalise": True, "guard": "add"}),
        ),
    )
}  # fmt: skip
