"""A call of deformable PSRoIPool, as adapters receive it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformedPsCall(Call):
    """One call of deformable PSRoIPool, or of one of its gradients.

    The maps have a channel for each channel of the output and each group: C is ``C_out · G_h · G_w`` of the maps, and C_out of
    the output and of what arrives there.

    Attributes:
        input: Feature maps, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]`` in image pixels; float32 for 16-bit maps, otherwise the data
            type of ``input``.
        offset: ``(K, 2 n, T_h, T_w)`` in either layout, of the data type of ``input``, for n classes of channels and T_h × T_w
            parts of a RoI; None if no bin is moved.
        output_size: ``(P_h, P_w)``, the number of bins.
        group_size: ``(G_h, G_w)``, the number of groups of channels.
        spatial_scale: Feature pixels per image pixel, ``(scale_y, scale_x)``.
        sampling_ratio: Samples per bin, ``(g_y, g_x)``.
        gamma: By what part of the RoI's size an offset of 1 moves a bin.
        mode: ``"avg"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "deform_ps_roi_pool"
    axes: ClassVar[Mapping[str, str]] = {
        "input": "N C H W",
        "boxes": "K 5",
        "offset": "K D T_h T_w",
        "grad": "K C P_h P_w",
    }
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.OFFSET_GRADIENT: "K D T_h T_w",
    }
    sizes: ClassVar[Mapping[str, str]] = {"output_size": "P_h P_w", "group_size": "G_h G_w"}

    input: np.ndarray
    boxes: np.ndarray
    offset: np.ndarray | None = None
    output_size: tuple[int, int]
    group_size: tuple[int, int]
    spatial_scale: tuple[float, float]
    sampling_ratio: tuple[int, int]
    gamma: float = 0.1
    mode: str = "avg"
    grad: np.ndarray | None = None

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            "output_size": tuple(arguments["output_size"]),
            "group_size": groups_of(arguments),
            "spatial_scale": tuple(map(float, arguments["spatial_scale"])),
            "sampling_ratio": tuple(arguments["sampling_ratio"]),
            "gamma": float(arguments.get("gamma", 0.1)),
            "mode": arguments["mode"],
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, sampling_ratio``, and by name offsets, gamma and groups."""
        given = (self.output_size, self.single_scale(), self.single_sampling_ratio())
        return given, {"offset": self.offset, "gamma": self.gamma, "group_size": self.group_size}

    def single_scale(self) -> float:
        """The one spatial scale of both axes."""
        if self.spatial_scale[0] != self.spatial_scale[1]:
            raise Unsupported("one spatial scale for both axes")
        return self.spatial_scale[0]

    def single_sampling_ratio(self) -> int:
        """The one sampling ratio of both axes, for libraries that take only one."""
        if self.sampling_ratio[0] != self.sampling_ratio[1]:
            raise Unsupported("one sampling ratio for both axes")
        return self.sampling_ratio[0]

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        if any(array.ndim != len(self.axes[name].split()) for name, array in self.arrays().items()):
            return None
        channels = channels_of(self.input.shape[3 if self.layout == "NHWC" else 1], self.group_size)
        if channels is None or min(self.output_size) < 0:
            return None
        if self.operation == Operation.FEATURE_GRADIENT:
            return self.input.shape
        if self.operation == Operation.OFFSET_GRADIENT:
            return None if self.offset is None else self.offset.shape
        rois, (rows, columns) = len(self.boxes), self.output_size
        return (rois, rows, columns, channels) if self.layout == "NHWC" else (rois, channels, rows, columns)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files; a sparse map is one image."""
        if operation == Operation.FEATURE_GRADIENT:
            return tuple(arguments["input"]["shape"])
        if operation == Operation.OFFSET_GRADIENT:
            return tuple(arguments["offset"]["shape"])
        groups = max(1, math.prod(groups_of(arguments)))
        return (len(arguments["boxes"]), arguments["input"]["shape"][1] // groups, *arguments["output_size"])

    @classmethod
    def channel_unit(cls, arguments: Mapping[str, Any]) -> int:
        """Of what number those of the channels of the maps are multiples."""
        classes = arguments["offset"]["shape"][1] // 2 if "offset" in arguments else 1
        return int(math.prod(groups_of(arguments)) * classes)


def groups_of(arguments: Mapping[str, Any]) -> tuple[int, int]:
    """``(G_h, G_w)`` of the arguments of a case: as many as there are bins, if it does not say."""
    rows, columns = arguments.get("group_size", arguments["output_size"])
    return rows, columns


def channels_of(channels: int, groups: Sequence[int]) -> int | None:
    """How many channels an output has, of maps that have so many; None if they are not as many for each group."""
    if min(groups) < 1 or channels % math.prod(groups):
        return None
    return channels // math.prod(groups)


CALL = DeformedPsCall
