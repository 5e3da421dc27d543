"""ONNX models of a single RoiAlign or MaxRoiPool node, for the runtimes that execute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ._call import float32_scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from onnx import ModelProto

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall

INPUTS = ("X", "rois", "batch_indices")
MAX_ROI_POOL_INPUTS = ("X", "rois")
CROP_AND_RESIZE_INPUTS = ("X", "rois", "batch_indices", "crop_size")
OUTPUT = "Y"
IR_VERSION = 8

Shape: TypeAlias = tuple[int | str, ...]


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
    maps: Shape = ("N", "C", "H", "W")
    rois: int | str = "K"

    @classmethod
    def of(cls, call: RoiAlignCall, opset: int, coordinates: str | None, *, static: bool = False) -> RoiAlignModel:
        """The model that makes ``call``, with the shapes of its arrays if ``static``."""
        shapes: tuple[Shape, int] | tuple[()] = (call.input.shape, len(call.boxes)) if static else ()
        scale, ratio = float32_scale(call), call.single_sampling_ratio()
        return cls(opset, coordinates, call.mode, call.output_size, scale, ratio, call.input.dtype, *shapes)

    def build(self) -> ModelProto:
        """Builds the ONNX model."""
        from onnx import TensorProto, helper

        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        transformation = {} if self.coordinates is None else {"coordinate_transformation_mode": self.coordinates}
        node = helper.make_node(
            "RoiAlign",
            INPUTS,
            [OUTPUT],
            mode=self.mode,
            output_height=self.output_size[0],
            output_width=self.output_size[1],
            sampling_ratio=self.sampling_ratio,
            spatial_scale=self.spatial_scale,
            **transformation,
        )
        shapes = (self.maps, (self.rois, 4), (self.rois,))
        kinds = (kind, kind, TensorProto.INT64)
        graph = helper.make_graph(
            [node],
            "roi_align",
            [helper.make_tensor_value_info(*value) for value in zip(INPUTS, kinds, shapes, strict=True)],
            [helper.make_tensor_value_info(OUTPUT, kind, (self.rois, self.maps[1], *self.output_size))],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="roikit")


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

    def build(self) -> ModelProto:
        """Builds the ONNX model."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        node = helper.make_node(
            "MaxRoiPool",
            MAX_ROI_POOL_INPUTS,
            [OUTPUT],
            pooled_shape=self.output_size,
            spatial_scale=self.spatial_scale,
        )
        shapes: tuple[Shape, ...] = (("N", "C", "H", "W"), ("K", 5))
        graph = helper.make_graph(
            [node],
            "max_roi_pool",
            [
                helper.make_tensor_value_info(name, kind, shape)
                for name, shape in zip(MAX_ROI_POOL_INPUTS, shapes, strict=True)
            ],
            [helper.make_tensor_value_info(OUTPUT, kind, ("K", "C", *self.output_size))],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="roikit")


@dataclass(frozen=True, slots=True)
class CropAndResizeModel:
    """What distinguishes one model of Microsoft's CropAndResize node from another. Hashable, like `RoiAlignModel`."""

    mode: str
    extrapolation_value: float

    @classmethod
    def of(cls, call: CropAndResizeCall) -> CropAndResizeModel:
        """The model that makes ``call``, whose size is an input."""
        return cls(call.mode, call.extrapolation_value)

    def build(self) -> ModelProto:
        """Builds the ONNX model."""
        from onnx import TensorProto, helper

        node = helper.make_node(
            "CropAndResize",
            CROP_AND_RESIZE_INPUTS,
            [OUTPUT],
            domain="com.microsoft",
            mode=self.mode,
            extrapolation_value=self.extrapolation_value,
        )
        kinds = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT32)
        shapes: tuple[Shape, ...] = (("N", "C", "H", "W"), ("K", 4), ("K",), (2,))
        inputs = zip(CROP_AND_RESIZE_INPUTS, kinds, shapes, strict=True)
        graph = helper.make_graph(
            [node],
            "crop_and_resize",
            [helper.make_tensor_value_info(*value) for value in inputs],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ("K", "C", "P_h", "P_w"))],
        )
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="roikit")
