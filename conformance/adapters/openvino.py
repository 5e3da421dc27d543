"""OpenVINO's CPU plugin, through its own operators ROIAlign-9 and ROIAlign-3 rather than an imported ONNX model.

Facts: ``openvino/opset9/ops.py`` of 2026.4, and running it.

* ``aligned`` is spelled ``aligned_mode``: ``asymmetric``, the default, does not shift; ``half_pixel_for_nn`` is what
  others call aligned; ``half_pixel`` maps pixel centres to pixel centres.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0.
* Boxes are ``(K, 4)`` in the data type of the maps, batch indices integers. The scale is a float32 attribute.
* The plugin computes in the inference precision, a setting of the compiled model, here float32; float16 maps are
  converted on the way in and out. So would float64 maps be, silently, which is why float64 is not offered.

ROIPooling-2 takes ``(K, 5)`` boxes in the data type of the maps; a batch index of -1 ends the list of boxes. Its method
"bilinear" is crop_and_resize of rows ``[image, x1, y1, x2, y2]``: fractions of the image, which a scale changes nothing of, and 0
outside. PSROIPooling-1 takes the same boxes, and as many rows of bins as columns; its
mode "bilinear" is another operator, too, and a model has the shapes that it was compiled for. DeformablePSROIPooling-8 likewise;
its output has as many bins as there are groups.

ROIAlignRotated-15 takes ``(K, 5)`` boxes, angles in radians, and must be told whether they turn clockwise. It shifts by half a
pixel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..call import Unsupported
from ..implementation import Description
from ._call import (
    boxes_like_input,
    channels_of_output,
    corners_and_indices,
    one_side,
    parts_of,
    require_described,
    require_grouped,
    require_selected,
)
from ._script import Boxes, Script, each
from ._weighted import Weighs, with_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.deform_ps_roi_pool.call import DeformedPsCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall


def _require_zero(call: CropAndResizeCall) -> None:
    """Raises `Unsupported` unless points outside are to be 0."""
    if call.extrapolation_value != 0:
        raise Unsupported("another extrapolation value than 0")


def _require_as_many_groups(call: DeformedPsCall) -> None:
    """Raises `Unsupported` unless there are as many groups as bins."""
    require_grouped(call)
    if call.group_size != call.output_size:
        raise Unsupported("another number of groups than of bins")


class OpenVino(Weighs):
    """``openvino.opset9.roi_align``, compiled for the CPU with float32 inference precision."""

    requires: ClassVar[tuple[str, ...]] = ("openvino",)
    install: ClassVar[str] = "pip install openvino"
    aligned_mode: ClassVar[dict[str, str]] = {
        "openvino-asymmetric": "asymmetric",
        "openvino-half-pixel-for-nn": "half_pixel_for_nn",
        "openvino-half-pixel": "half_pixel",
    }
    clockwise: ClassVar[dict[str, bool]] = {"openvino": False, "openvino-clockwise": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(each("aligned_mode", aligned_mode), Boxes.CORNERS, ("float32", "float16")),
        "roi_pool": Script({"openvino": {}}, Boxes.ROWS, ("float32", "float16"), ("max",)),
        "ps_roi_pool": Script({"openvino": {}}, Boxes.ROWS, ("float32",), ("avg",), require=require_selected),
        "deform_ps_roi_pool": Script(
            {"openvino": {}}, Boxes.ROWS, ("float32",), ("avg",), require=_require_as_many_groups
        ),
        "crop_and_resize": Script(
            {"openvino": {}}, Boxes.ROWS, ("float32",), ("bilinear",), pairs=True, require=_require_zero
        ),
        "roi_align_rotated": Script(each("clockwise", clockwise), Boxes.CORNERS, ("float32", "float16"), ("avg",)),
    }

    def __init__(self) -> None:
        import openvino

        self._core = openvino.Core()
        self._model = lru_cache(maxsize=256)(self._compile)
        self._pooling_model = lru_cache(maxsize=256)(self._compile_pooling)
        self._selecting_model = lru_cache(maxsize=256)(self._compile_selecting)
        self._deformed_model = lru_cache(maxsize=256)(self._compile_deformed)
        self._rotated_model = lru_cache(maxsize=256)(self._compile_rotated)
        self._description = with_weights(
            Description(
                version=openvino.__version__,
                homepage="https://docs.openvino.ai",
                dialects=tuple(self.aligned_mode),
                modes=("avg", "max"),
                dtypes=("float16", "float32"),
                operators={name: script.capability() for name, script in self.scripts.items() if name != "roi_align"},
            )
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        require_described(call, self._description)
        model = self._model(
            call.input.dtype,
            *call.output_size,
            call.single_sampling_ratio(),
            call.single_scale(),
            call.mode,
            self.aligned_mode[call.dialect],
        )
        result: np.ndarray = model([call.input, *corners_and_indices(call)])[0]
        return result

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        require_described(call, self._description)
        model = self._pooling_model(call.input.dtype, call.output_size, call.single_scale(), call.mode)
        result: np.ndarray = model([call.input, boxes_like_input(call)])[0]
        return result

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        require_described(call, self._description)
        channels, bins = channels_of_output(call, call.output_size), one_side(call.output_size)
        shapes = call.input.shape, call.boxes.shape
        model = self._selecting_model(call.input.dtype, shapes, channels, bins, call.single_scale())
        result: np.ndarray = model([call.input, boxes_like_input(call)])[0]
        return result

    def deform_ps_roi_pool(self, call: DeformedPsCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        del out
        require_described(call, self._description)
        _require_as_many_groups(call)
        arrays = [call.input, boxes_like_input(call), *([] if call.offset is None else [call.offset])]
        attributes = (
            channels_of_output(call, call.group_size), call.single_scale(), call.group_size[0], *call.sampling_ratio, call.gamma,
            parts_of(call),
        )  # fmt: skip
        model = self._deformed_model(call.input.dtype, tuple(array.shape for array in arrays), *attributes)
        result: np.ndarray = model(arrays)[0]
        return result

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        del out
        require_described(call, self._description)
        _require_zero(call)
        model = self._pooling_model(call.input.dtype, call.output_size, 1.0, call.mode)
        rows = boxes_like_input(call)
        if rows.shape[1] == 5:  # others are to be refused
            rows = np.ascontiguousarray(rows[:, [0, 2, 1, 4, 3]])
        result: np.ndarray = model([call.input, rows])[0]
        return result

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Infers the call's model, which is kept compiled for later calls."""
        del out
        require_described(call, self._description)
        ratio, scale, clockwise = call.single_sampling_ratio(), call.single_scale(), self.clockwise[call.dialect]
        model = self._rotated_model(call.input.dtype, call.output_size, ratio, scale, clockwise)
        result: np.ndarray = model([call.input, *corners_and_indices(call)])[0]
        return result

    def _compile_rotated(
        self, dtype: np.dtype, size: tuple[int, int], ratio: int, scale: float, clockwise: bool
    ) -> Any:
        """Compiles the operator ROIAlignRotated for any shapes."""
        from openvino import Model, PartialShape, Type, opset15
        from openvino.properties import hint

        kind = Type(dtype)
        data, rois = (opset15.parameter(PartialShape(shape), kind) for shape in ([-1, -1, -1, -1], [-1, 5]))
        indices = opset15.parameter(PartialShape([-1]), Type.i64)
        node = opset15.roi_align_rotated(data, rois, indices, *size, ratio, scale, clockwise)
        return self._core.compile_model(
            Model([node], [data, rois, indices]), "CPU", {hint.inference_precision: Type.f32}
        )

    def _compile(self, dtype: np.dtype, *attributes: Any) -> Any:
        """Compiles the operator for any shapes; ``attributes`` are those of `opset9.roi_align`, in its order."""
        from openvino import Model, PartialShape, Type, opset9
        from openvino.properties import hint

        kind = Type(dtype)
        data = opset9.parameter(PartialShape([-1, -1, -1, -1]), kind)
        rois = opset9.parameter(PartialShape([-1, 4]), kind)
        indices = opset9.parameter(PartialShape([-1]), Type.i64)
        node = self._node(data, rois, indices, *attributes)
        model = Model([node], [data, rois, indices])
        return self._core.compile_model(model, "CPU", {hint.inference_precision: Type.f32})

    def _compile_pooling(self, dtype: np.dtype, size: tuple[int, int], scale: float, mode: str) -> Any:
        """Compiles the operator ROIPooling for any shapes."""
        from openvino import Model, PartialShape, Type, opset2
        from openvino.properties import hint

        kind = Type(dtype)
        data, rois = (opset2.parameter(PartialShape(shape), kind) for shape in ([-1, -1, -1, -1], [-1, 5]))
        model = Model([opset2.roi_pooling(data, rois, list(size), scale, mode)], [data, rois])
        return self._core.compile_model(model, "CPU", {hint.inference_precision: Type.f32})

    def _compile_selecting(self, dtype: np.dtype, shapes: Any, channels: int, bins: int, scale: float) -> Any:
        """Compiles the operator PSROIPooling for these shapes: the plugin knows it for no others."""
        from openvino import Model, Type, opset1
        from openvino.properties import hint

        data, rois = (opset1.parameter(list(shape), Type(dtype)) for shape in shapes)
        node = opset1.psroi_pooling(data, rois, channels, bins, scale, 1, 1, "average")
        return self._core.compile_model(Model([node], [data, rois]), "CPU", {hint.inference_precision: Type.f32})

    def _compile_deformed(
        self, dtype: np.dtype, shapes: Any, channels: int, scale: float, groups: int, samples_y: int, samples_x: int,
        gamma: float, parts: int,
    ) -> Any:  # fmt: skip
        """Compiles the operator DeformablePSROIPooling for these shapes."""
        from openvino import Model, Type, opset8
        from openvino.properties import hint

        data, rois, *offsets = inputs = [opset8.parameter(list(shape), Type(dtype)) for shape in shapes]
        node = opset8.deformable_psroi_pooling(
            data, rois, channels, scale, groups, "bilinear_deformable", samples_x, samples_y, gamma, parts, *offsets
        )
        return self._core.compile_model(Model([node], inputs), "CPU", {hint.inference_precision: Type.f32})

    @staticmethod
    def _node(*inputs_and_attributes: Any) -> Any:
        from openvino import opset9

        return opset9.roi_align(*inputs_and_attributes)


class OpenVinoV3(OpenVino):
    """``openvino.opset3.roi_align``, the operator's first version, which knows no ``aligned_mode``."""

    aligned_mode: ClassVar[dict[str, str]] = {"openvino-asymmetric": ""}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script({"openvino-asymmetric": {}}, Boxes.CORNERS, ("float32", "float16"))
    }

    @staticmethod
    def _node(*inputs_and_attributes: Any) -> Any:
        from openvino import opset3

        return opset3.roi_align(*inputs_and_attributes[:-1])
