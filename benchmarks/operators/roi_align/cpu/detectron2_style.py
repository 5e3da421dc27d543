"""What detectron2's pooler does on a CPU, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Library
from ..operations import Operation
from .torch_poolers import backward_of, pooling_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from .torch_poolers import Given


def pooler(given: Given) -> Callable[[], Any]:
    """A call that does what detectron2's pooler does, step by step, but with torchvision's operator, and not aligned."""
    import torch
    from torchvision.ops import roi_align

    row = given.row
    first = -round(np.log2(given.scales[0]))

    def call() -> Any:
        rois = torch.cat(
            [torch.cat((torch.full_like(b[:, :1], image), b), dim=1) for image, b in enumerate(given.boxes)]
        )
        if len(given.maps) == 1:
            return roi_align(given.maps[0], rois, row.bins, given.scales[0], row.sampling_ratio)
        boxes = torch.cat(given.boxes)
        size = torch.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
        level = torch.floor(4 + torch.log2(size / 224 + 1e-8)).clamp(first, first + len(given.maps) - 1) - first
        pooled = given.maps[0].new_zeros((len(rois), row.channels, row.bins, row.bins))
        for index, (maps, scale) in enumerate(zip(given.maps, given.scales, strict=True)):
            of_level = torch.nonzero(level == index)[:, 0]
            some = roi_align(maps, rois[of_level], row.bins, scale, row.sampling_ratio)
            pooled.index_put_((of_level,), some)
        return pooled

    return call


DETECTRON2_STYLE = Library(
    ("torch", "torchvision"),
    {
        Operation.POOLER: pooling_by("detectron2-style", pooler),
        Operation.POOLER_BACKWARD: backward_of("detectron2-style", pooler),
    },
)
