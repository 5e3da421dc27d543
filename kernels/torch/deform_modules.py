"""Deformable RoI pooling as modules: mmcv's `DeformRoIPool`, and those that learn offsets, and a mask, from the RoI itself."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..kernels.calls import arguments
from .deform_roi_pool import deform_roi_pool
from .tensors import unusual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernels import Layout
    from ..kernels.dialects.deform_roi_pool import Dialect


class DeformRoIPool(nn.Module):  # type: ignore[misc]
    """`deform_roi_pool` as a module: `mmcv.ops.DeformRoIPool`.

    Args:
        output_size, spatial_scale, sampling_ratio, gamma, layout, dialect: As for `deform_roi_pool`, which checks them.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        spatial_scale: float | tuple[float, float] = 1.0,
        sampling_ratio: int | tuple[int, int] = 0,
        gamma: float = 0.1,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__()
        self.output_size = arguments.output_size_pair(arguments.pair("output_size", output_size))
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.gamma = gamma
        self.options: dict[str, Any] = {"layout": layout, "dialect": dialect}

    def forward(
        self,
        input: torch.Tensor,  # noqa: A002
        rois: torch.Tensor | Sequence[torch.Tensor],
        offset: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``input``; see `deform_roi_pool`."""
        where = (self.output_size, self.spatial_scale, self.sampling_ratio)
        return deform_roi_pool(input, rois, *where, offset, self.gamma, **self.options)

    def extra_repr(self) -> str:
        """Shows the arguments."""
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, sampling_ratio={self.sampling_ratio}, "
            f"gamma={self.gamma}{unusual(self, self.options)}"
        )


def _hidden(inputs: int, hidden: int, layers: int) -> list[nn.Module]:
    """Layers of as many numbers."""
    sizes = [inputs, *[hidden] * layers]
    return [layer for before, after in pairwise(sizes) for layer in (nn.Linear(before, after), nn.ReLU(inplace=True))]


def _zeroed(layer: nn.Linear) -> nn.Linear:
    """A layer that begins with zeros, so that nothing is moved, and all is weighed alike, before anything is learned."""
    layer.weight.data.zero_()
    layer.bias.data.zero_()
    return layer


class DeformRoIPoolPack(DeformRoIPool):
    """`DeformRoIPool` whose offsets are those that layers make of the RoI: `mmcv.ops.DeformRoIPoolPack`, with its parameters.

    Args:
        output_size, spatial_scale, sampling_ratio, gamma, layout, dialect: As for `DeformRoIPool`.
        output_channels: C.
        deform_fc_channels: Numbers between the layers.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        output_channels: int,
        deform_fc_channels: int = 1024,
        spatial_scale: float | tuple[float, float] = 1.0,
        sampling_ratio: int | tuple[int, int] = 0,
        gamma: float = 0.1,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__(output_size, spatial_scale, sampling_ratio, gamma, layout=layout, dialect=dialect)
        self.output_channels = output_channels
        self.deform_fc_channels = deform_fc_channels
        bins = math.prod(self.output_size)
        hidden = _hidden(bins * output_channels, deform_fc_channels, 2)
        self.offset_fc = nn.Sequential(*hidden, _zeroed(nn.Linear(deform_fc_channels, bins * 2)))

    def forward(  # type: ignore[override]
        self,
        input: torch.Tensor,  # noqa: A002
        rois: torch.Tensor | Sequence[torch.Tensor],
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``input``, moved by what is learned of them where they are."""
        still = self._flat(super().forward(input, rois))
        return super().forward(input, rois, self._offsets(still))

    def _flat(self, output: torch.Tensor) -> torch.Tensor:
        """All numbers of each RoI, channel by channel in either layout."""
        if self.options["layout"] == "NHWC":
            output = output.permute(0, 3, 1, 2)
        return output.reshape(output.shape[0], -1)

    def _offsets(self, still: torch.Tensor) -> torch.Tensor:
        offsets: torch.Tensor = self.offset_fc(still).view(still.shape[0], 2, *self.output_size)
        return offsets


class ModulatedDeformRoIPoolPack(DeformRoIPoolPack):
    """`DeformRoIPoolPack` whose bins are weighed by a mask of the same kind: `mmcv.ops.ModulatedDeformRoIPoolPack`.

    Args:
        output_size, output_channels, deform_fc_channels, spatial_scale, sampling_ratio, gamma, layout, dialect: As for
            `DeformRoIPoolPack`.
    """

    def __init__(
        self,
        output_size: int | tuple[int, int],
        output_channels: int,
        deform_fc_channels: int = 1024,
        spatial_scale: float | tuple[float, float] = 1.0,
        sampling_ratio: int | tuple[int, int] = 0,
        gamma: float = 0.1,
        *,
        layout: Layout = "NCHW",
        dialect: str | Dialect | None = None,
    ) -> None:
        super().__init__(
            output_size, output_channels, deform_fc_channels, spatial_scale, sampling_ratio, gamma, layout=layout,
            dialect=dialect,
        )  # fmt: skip
        bins = math.prod(self.output_size)
        hidden = _hidden(bins * output_channels, deform_fc_channels, 1)
        self.mask_fc = nn.Sequential(*hidden, _zeroed(nn.Linear(deform_fc_channels, bins)), nn.Sigmoid())

    def forward(  # type: ignore[override]
        self,
        input: torch.Tensor,  # noqa: A002
        rois: torch.Tensor | Sequence[torch.Tensor],
    ) -> torch.Tensor:
        """Pools the RoIs ``rois`` of ``input``, moved and weighed by what is learned of them where they are."""
        still = self._flat(DeformRoIPool.forward(self, input, rois))
        output = DeformRoIPool.forward(self, input, rois, self._offsets(still))
        rows, columns = self.output_size
        shape = (rows, columns, 1) if self.options["layout"] == "NHWC" else (1, rows, columns)
        return output * self.mask_fc(still).view(still.shape[0], *shape)
