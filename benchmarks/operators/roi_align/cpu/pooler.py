"""Who takes part in pooling from all levels at once on a CPU; see `contestants`. The level of a RoI is part of the call.

Ours takes all boxes in one array, the poolers of PyTorch a tensor for each image, as their users have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import multiscale_roi_align

from ....measuring.contestant import Contestant, as_nchw, in_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..workloads import Problem, Row


def roikit(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Our kernels on the host, with the output given, by torchvision's rule for levels."""
    row, boxes = problem.row, problem.boxes
    maps = [in_layout(level.feature, layout, dtype) for level in problem.levels]
    scales = [level.scale for level in problem.levels]
    bins = (row.bins, row.bins)
    shape = (row.rois, row.channels, *bins) if layout == "NCHW" else (row.rois, *bins, row.channels)
    out = np.empty(shape, maps[0].dtype)

    def call() -> list[Any]:
        return [multiscale_roi_align(maps, boxes, bins, scales, row.sampling_ratio, layout=layout, out=out)]

    return Contestant("roikit", layout, dtype, [call], as_nchw(layout), [out])


@dataclass(frozen=True)
class Given:
    """What a pooler of PyTorch is given: tensors, as its users have them.

    Attributes:
        row: The row.
        maps: Maps ``(N, C, H, W)`` of each level, finest first.
        boxes: Boxes ``(L, 4)`` on each image.
        scales: Feature pixels of each level per image pixel.
        image: Height and width of all images, padding included.
    """

    row: Row
    maps: list[Any]
    boxes: list[Any]
    scales: list[float]
    image: tuple[int, int]

    @classmethod
    def of(cls, problem: Problem, maps: Sequence[Any], boxes: Any) -> Given:
        """Returns the tensors ``maps`` of each level and ``boxes`` ``(K, 5)`` of a problem as poolers take them."""
        finest = problem.levels[0]
        height, width = (round(pixels / finest.scale) for pixels in finest.feature.shape[2:])
        of_images = [boxes[boxes[:, 0] == image, 1:] for image in range(problem.row.images)]
        return cls(problem.row, list(maps), of_images, [level.scale for level in problem.levels], (height, width))


def torchvision_pooler(given: Given) -> Callable[[], Any]:
    """Returns a call of torchvision's module."""
    from torchvision.ops import MultiScaleRoIAlign

    row, names = given.row, [str(level) for level in range(len(given.maps))]
    pooler = MultiScaleRoIAlign(names, row.bins, row.sampling_ratio)
    maps, sizes = dict(zip(names, given.maps, strict=True)), [given.image] * row.images
    return lambda: pooler(maps, given.boxes, sizes)


def detectron2_pooler(given: Given) -> Callable[[], Any]:
    """Returns a call that does what detectron2's pooler does, step by step, but with torchvision's operator, and not aligned."""
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


POOLERS = {"torchvision": torchvision_pooler, "detectron2-style": detectron2_pooler}
"""The poolers of PyTorch that are timed."""


def given_on_cpu(problem: Problem, threads: int, *, learned: bool = False) -> Given:
    """Returns what poolers are given on a CPU; with ``learned`` there is a gradient for the maps."""
    import torch
    from torchvision.extension import _has_ops

    if not _has_ops():
        raise ImportError("torchvision's compiled operators are missing")
    torch.set_num_threads(threads)
    maps = [torch.from_numpy(level.feature.copy()).requires_grad_(learned) for level in problem.levels]
    return Given.of(problem, maps, torch.from_numpy(problem.boxes))


def _peer(library: str) -> Callable[[Problem, int], Contestant]:
    def prepare(problem: Problem, threads: int) -> Contestant:
        pool = POOLERS[library](given_on_cpu(problem, threads))
        return Contestant(library, "NCHW", "float32", [lambda: [pool()]])

    return prepare


PEERS = {library: (_peer(library), ("torch", "torchvision")) for library in POOLERS}
