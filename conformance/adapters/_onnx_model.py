"""ONNX models of a single RoiAlign or MaxRoiPool node, for the runtimes that execute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _onnx_wire as wire
from ._call import float32_scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall

INPUTS = ("X", "rois", "batch_indices")
MAX_ROI_POOL_INPUTS = ("X", "rois")
CROP_AND_RESIZE_INPUTS = ("X", "rois", "batch_indices", "crop_size")
OUTPUT = "Y"


def script_fields(opsets: Mapping[str, tuple[int, str | None]]) -> Mapping[str, dict[str, Any]]:
    """What each dialect fills into the template of a model: an opset, and the attribute that came with opset 16."""
    return {
        dialect: {"opset": opset, "coordinates": f'coordinate_transformation_mode = "{mode}", ' if mode else ""}
        for dialect, (opset, mode) in opsets.items()
    }


@dataclass(frozen=True, slots=True)
class RoiAlignModel:
    """What distinguishes one model from another. Hashable, so that runtimes can keep one session per model.

    ``coordinates`` is the attribute ``coordinate_transformation_mode``, which exists from opset 16; None omits it.
    A name instead of a number in a shape is a dimension that may vary between runs.
    """

    opset: int
    coordinates: str | None
    mode: str
    output_size: tuple[int, int]
    spatial_scale: float
    sampling_ratio: int
    dtype: np.dtype
    maps: wire.Shape = ("N", "C", "H", "W")
    rois: int | str = "K"

    @classmethod
    def of(cls, call: RoiAlignCall, opset: int, coordinates: str | None, *, static: bool = False) -> RoiAlignModel:
        """The model that makes ``call``, with the shapes of its arrays if ``static``."""
        shapes: tuple[wire.Shape, int] | tuple[()] = (call.input.shape, len(call.boxes)) if static else ()
        scale, ratio = float32_scale(call), call.single_sampling_ratio()
        return cls(opset, coordinates, call.mode, call.output_size, scale, ratio, call.input.dtype, *shapes)

    def build(self) -> bytes:
        """The ONNX model."""
        kind = wire.kind_of(self.dtype)
        transformation = {} if self.coordinates is None else {"coordinate_transformation_mode": self.coordinates}
        attributes: dict[str, wire.Attribute] = {
            "mode": self.mode,
            "output_height": self.output_size[0],
            "output_width": self.output_size[1],
            "sampling_ratio": self.sampling_ratio,
            "spatial_scale": self.spatial_scale,
            **transformation,
        }
        shapes = (self.maps, (self.rois, 4), (self.rois,))
        inputs = list(zip(INPUTS, (kind, kind, wire.INT64), shapes, strict=True))
        output = (OUTPUT, kind, (self.rois, self.maps[1], *self.output_size))
        return wire.model("RoiAlign", attributes, inputs, output, {"": self.opset})


@dataclass(frozen=True, slots=True)
class MaxRoiPoolModel:
    """What distinguishes one model of a MaxRoiPool node from another. Hashable, like `RoiAlignModel`."""

    opset: int
    output_size: tuple[int, int]
    spatial_scale: float
    dtype: np.dtype

    @classmethod
    def of(cls, call: RoiPoolCall, opset: int) -> MaxRoiPoolModel:
        """The model that makes ``call``."""
        return cls(opset, call.output_size, float32_scale(call), call.input.dtype)

    def build(self) -> bytes:
        """The ONNX model."""
        kind = wire.kind_of(self.dtype)
        shapes: tuple[wire.Shape, ...] = (("N", "C", "H", "W"), ("K", 5))
        return wire.model(
            "MaxRoiPool",
            {"pooled_shape": self.output_size, "spatial_scale": self.spatial_scale},
            [(name, kind, shape) for name, shape in zip(MAX_ROI_POOL_INPUTS, shapes, strict=True)],
            (OUTPUT, kind, ("K", "C", *self.output_size)),
            {"": self.opset},
        )


@dataclass(frozen=True, slots=True)
class CropAndResizeModel:
    """What distinguishes one model of Microsoft's CropAndResize node from another. Hashable, like `RoiAlignModel`."""

    mode: str
    extrapolation_value: float

    @classmethod
    def of(cls, call: CropAndResizeCall) -> CropAndResizeModel:
        """The model that makes ``call``, whose size is an input."""
        return cls(call.mode, call.extrapolation_value)

    def build(self) -> bytes:
        """The ONNX model."""
        kinds = (wire.FLOAT, wire.FLOAT, wire.INT32, wire.INT32)
        shapes: tuple[wire.Shape, ...] = (("N", "C", "H", "W"), ("K", 4), ("K",), (2,))
        return wire.model(
            "CropAndResize",
            {"mode": self.mode, "extrapolation_value": self.extrapolation_value},
            list(zip(CROP_AND_RESIZE_INPUTS, kinds, shapes, strict=True)),
            (OUTPUT, wire.FLOAT, ("K", "C", "P_h", "P_w")),
            {"": 21, "com.microsoft": 1},
            domain="com.microsoft",
        )
