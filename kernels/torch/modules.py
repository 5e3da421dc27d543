"""torchvision's modules of RoIAlign."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from ..kernels.calls.problem import axes_of
from .functional import multiscale_roi_align, roi_align
from .tensors import unusual
from .tracing import traceable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..kernels import Dialect, Layout, Mode


class RoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`roi_align` as a module: `torchvision.ops.RoIAlign`.

    Args:
        output_size, spatial_scale, sampling_ratio, aligned, mode, layout, dialect: As for `roi_align`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float],
        sampling_ratio: int | tuple[int, int],
        aligned: bool = False,
        *,
        mode: Mode = "avg",
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned
        self.how: dict[str, Any] = {"mode": mode, "layout": layout, "dialect": dialect}

    def forward(self, input: torch.Tensor, rois: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: A002
        """Pools the RoIs ``rois`` of ``input``; see `roi_align`."""
        return roi_align(
            input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned, **self.how
        )

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}, "
            f"aligned={self.aligned}{unusual(self, self.how)}"
        )


class MultiScaleRoIAlign(torch.nn.Module):  # type: ignore[misc]
    """`multiscale_roi_align` as a module: `torchvision.ops.MultiScaleRoIAlign`, all levels in one launch.

    Put into a detection model of torchvision once it is made, since its constructors accept none but their own:
    ``model.roi_heads.box_roi_pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)``.

    Where the names leave out a level, a RoI of a level beyond the last map is pooled from that; torchvision leaves it zero.
    Where height and width of a map ask for different scales, as they do of a strip that was padded, torchvision takes that of the
    height; here ``spatial_scales`` must then say which is meant.

    Args:
        featmap_names: Keys of the maps that are pooled from.
        output_size: Bins per RoI, ``(P_h, P_w)`` or one number for both.
        sampling_ratio: Samples per bin along an axis; 0 or less: as many as the bin has feature pixels.
        canonical_scale: Square root of the area of a RoI of the canonical level, image pixels.
        canonical_level: Level of such a RoI; that of a map of scale ``2**-k`` is k.
        spatial_scales: Feature pixels of each map per image pixel, one number or ``(scale_y, scale_x)`` each; None finds them
            from the sizes of maps and images.
        first_level: The level of the first map; None takes it from the scales.
        aligned, mode, layout, dialect: As for `roi_align`.
    """

    def __init__(
        self,
        featmap_names: Sequence[str],
        output_size: int | Sequence[int],
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
        spatial_scales: Sequence[float | tuple[float, float]] | None = None,
        first_level: int | None = None,
        aligned: bool = False,
        mode: Mode = "avg",
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.featmap_names = featmap_names
        self.output_size: Any = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        self.sampling_ratio = sampling_ratio
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level
        self.spatial_scales = spatial_scales
        self.first_level = first_level
        self.how: dict[str, Any] = {"aligned": aligned, "mode": mode, "layout": layout, "dialect": dialect}

    def forward(
        self, x: Mapping[str, torch.Tensor], boxes: Sequence[torch.Tensor], image_shapes: Sequence[tuple[int, int]]
    ) -> torch.Tensor:
        """Pools boxes from the maps of their levels.

        Args:
            x: Maps by name, finest first.
            boxes: One tensor ``(L_i, 4)`` per image, x1, y1, x2, y2 in image pixels.
            image_shapes: Height and width of each image in the batch, from which the scales of the maps are found: the powers
                of two that are nearest.

        Returns:
            ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` with ``layout="NHWC"``.

        Raises:
            ValueError: there is no image, or no map has one of the names, or the scale of a map cannot be found; besides what
                `multiscale_roi_align` raises.
        """
        return _pooled_from_levels(
            x, boxes, image_shapes, self.featmap_names, self.output_size, self.sampling_ratio, self.spatial_scales,
            first_level=self.first_level, canonical_size=float(self.canonical_scale),
            canonical_level=self.canonical_level, **self.how,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Shows the arguments, as torchvision's does, and others that are not as usual."""
        others = ("canonical_scale", "canonical_level", "spatial_scales", "first_level")
        return (
            f"featmap_names={self.featmap_names}, output_size={self.output_size}, sampling_ratio={self.sampling_ratio}"
            f"{unusual(self, {name: getattr(self, name) for name in others} | self.how)}"
        )


@traceable
def _pooled_from_levels(
    x: Mapping[str, torch.Tensor],
    boxes: Sequence[torch.Tensor],
    image_shapes: Sequence[tuple[int, int]],
    featmap_names: Sequence[str],
    output_size: tuple[int, int],
    sampling_ratio: int,
    scales: Sequence[float | tuple[float, float]] | None,
    *,
    first_level: int | None,
    layout: Layout,
    **how: Any,
) -> torch.Tensor:
    """What `MultiScaleRoIAlign` returns: one step of what is traced, since the names of maps decide what it does."""
    named = {name: tensor for name, tensor in x.items() if name in featmap_names}
    if not named:
        raise ValueError(f"x has no map called {' or '.join(featmap_names)}, but {', '.join(x) or 'none at all'}")
    maps = list(named.values())
    if scales is None:
        levels = _levels(named, image_shapes, layout)
        count = min(len(maps), levels[-1] - levels[0] + 1)  # torchvision uses no more maps than there are levels
        maps, scales = maps[:count], [2.0**-level for level in levels[:count]]
        first_level = levels[0] if first_level is None else first_level
    return multiscale_roi_align(
        maps, boxes, output_size, scales, sampling_ratio, first_level=first_level, layout=layout, **how
    )


def _levels(maps: Mapping[str, torch.Tensor], image_shapes: Sequence[tuple[int, int]], layout: Layout) -> list[int]:
    """For each map k, if its scale is ``2**-k``, as its size beside that of the largest image says."""
    if not image_shapes:
        raise ValueError("image_shapes must not be empty")
    image = tuple(max(shape[axis] for shape in image_shapes) for axis in (0, 1))
    if min(image) < 1:
        raise ValueError(f"image_shapes must be heights and widths of 1 or more, not {list(image_shapes)}")
    _, *axes = axes_of(layout)
    levels = []
    for name, tensor in maps.items():
        height, width = (tensor.shape[axis] for axis in axes)
        y, x = (-round(math.log2(max(size, 1) / of)) for size, of in zip((height, width), image, strict=True))
        if y != x:
            raise ValueError(
                f"x[{name!r}] has {height} x {width} pixels for images of up to {image[0]} x {image[1]}: its scale would be "
                f"{2.0**-y:g} along y, but {2.0**-x:g} along x; pass spatial_scales"
            )
        levels.append(y)
    if levels[-1] < levels[0]:
        raise ValueError(f"x must have its finest map first, but the scales of {', '.join(maps)} grow")
    return levels
