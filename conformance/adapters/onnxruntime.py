"""ONNX Runtime's CPU execution provider.

Facts: the operator's schemas, ``onnx.defs.get_schema("RoiAlign", opset)``, and running 1.32.

* ``aligned`` depends on the opset of the model. Opset 10 knows only the unshifted operator. Opset 16 has the attribute
  ``coordinate_transformation_mode``: ``half_pixel``, the default, shifts, and ``output_half_pixel`` does not.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0, the default.
* Boxes are ``(K, 4)`` in the data type of the maps, batch indices int64. The scale is a float32 attribute.
* There is no kernel for opset 22, and so none for bfloat16.

MaxRoiPool takes ``(K, 5)`` boxes in the data type of the maps, float16 or float32. ``com.microsoft.CropAndResize`` takes float32
alone, in NCHW, and the size of crops as an input.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Description
from ._call import boxes_like_input, corners_and_indices, require_described
from ._onnx_model import (
    CROP_AND_RESIZE_INPUTS,
    INPUTS,
    MAX_ROI_POOL_INPUTS,
    OUTPUT,
    CropAndResizeModel,
    MaxRoiPoolModel,
    RoiAlignModel,
    script_fields,
)
from ._script import FLOATS, Boxes, Script
from ._weighted import Weighs, with_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall

ERRORS_ONLY = 3
"""Log severity: a session in mode "max" otherwise warns that the mode is going to change."""


MAX_ROI_POOL_OPSET = 21
"""The last with a kernel."""


class OnnxRuntime(Weighs):
    """``onnxruntime.InferenceSession`` over a model of one RoiAlign or MaxRoiPool node."""

    requires: ClassVar[tuple[str, ...]] = ("onnxruntime",)
    install: ClassVar[str] = "pip install onnxruntime onnx"
    opsets: ClassVar[dict[str, tuple[int, str | None]]] = {
        "onnx-10": (10, None),
        "onnx-16": (16, "half_pixel"),
        "onnx-16-output-half-pixel": (16, "output_half_pixel"),
    }
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(script_fields(opsets), Boxes.CORNERS, FLOATS, model="onnx-model"),
        "roi_pool": Script(
            {"onnxruntime": {"opset": MAX_ROI_POOL_OPSET}},
            Boxes.ROWS,
            ("float32", "float16"),
            ("max",),
            model="onnx-model",
        ),
        "crop_and_resize": Script(
            {"onnxruntime": {}}, Boxes.CORNERS, ("float32",), ("bilinear", "nearest"), pairs=True, model="onnx-model"
        ),
    }

    def __init__(self) -> None:
        import onnxruntime

        self._session = lru_cache(maxsize=256)(self._create_session)
        self._description = with_weights(
            Description(
                version=onnxruntime.__version__,
                homepage="https://onnxruntime.ai",
                dialects=tuple(self.opsets),
                modes=("avg", "max"),
                dtypes=("float16", "float32", "float64"),
                operators={name: self.scripts[name].capability() for name in ("roi_pool", "crop_and_resize")},
            )
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's model, in a session that is kept for later calls."""
        require_described(call, self._description)
        session = self._session(RoiAlignModel.of(call, *self.opsets[call.dialect]))
        feeds = dict(zip(INPUTS, (call.input, *corners_and_indices(call)), strict=True))
        result: np.ndarray = session.run([OUTPUT], feeds)[0]
        return result

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's model, in a session that is kept for later calls."""
        require_described(call, self._description)
        session = self._session(MaxRoiPoolModel.of(call, MAX_ROI_POOL_OPSET))
        feeds = dict(zip(MAX_ROI_POOL_INPUTS, (call.input, boxes_like_input(call)), strict=True))
        result: np.ndarray = session.run([OUTPUT], feeds)[0]
        return result

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's model, in a session that is kept for later calls."""
        del out
        require_described(call, self._description)
        session = self._session(CropAndResizeModel.of(call))
        arrays = (call.input, *call.split(), np.array(call.output_size, np.int32))
        result: np.ndarray = session.run([OUTPUT], dict(zip(CROP_AND_RESIZE_INPUTS, arrays, strict=True)))[0]
        return result

    @staticmethod
    def _create_session(model: RoiAlignModel | MaxRoiPoolModel | CropAndResizeModel) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = ERRORS_ONLY
        # Threads of one worker must not spin on the cores that others need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        return onnxruntime.InferenceSession(model.build(), options, providers=providers)
