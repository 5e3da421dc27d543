"""OpenCV 5's dnn module, its new engine, through an ONNX model.

Facts: the operator's schema, ``onnx.defs.get_schema("RoiAlign", 16)``, and running 5.0.0.

* ``aligned`` is spelled as in opset 16 of ONNX, ``coordinate_transformation_mode``: ``half_pixel``, the default,
  shifts, and ``output_half_pixel`` does not.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0, the default.
* Boxes are ``(K, 4)`` in the data type of the maps, batch indices int64. The scale is a float32 attribute.
  float64 maps give float64 results that were computed in float32.
* Shapes are part of the network.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Description
from ._call import corners_and_indices, require_described
from ._onnx_model import INPUTS, OUTPUT, RoiAlignModel, script_fields
from ._script import Boxes, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.roi_align.call import RoiAlignCall

OPSET = 16
FIRST_MAJOR_VERSION = 5


class OpenCv:
    """``cv2.dnn.readNetFromONNX`` over a model of one RoiAlign node, with ``ENGINE_NEW``."""

    requires: ClassVar[tuple[str, ...]] = ("cv2",)
    install: ClassVar[str] = 'pip install "opencv-python-headless>=5" onnx'
    coordinates: ClassVar[dict[str, str]] = {"opencv": "half_pixel", "opencv-output-half-pixel": "output_half_pixel"}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            script_fields({dialect: (OPSET, mode) for dialect, mode in coordinates.items()}),
            Boxes.CORNERS,
            ("float32", "float64"),
            model="onnx-model",
        )
    }

    def __init__(self) -> None:
        import cv2

        if int(cv2.__version__.split(".")[0]) < FIRST_MAJOR_VERSION:
            raise RuntimeError(f"OpenCV {cv2.__version__} has no RoiAlign, which came with {FIRST_MAJOR_VERSION}.0")
        self._net = lru_cache(maxsize=256)(self._read_net)
        self._description = Description(
            version=cv2.__version__,
            homepage="https://opencv.org",
            dialects=tuple(self.coordinates),
            modes=("avg", "max"),
            dtypes=("float32", "float64"),
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's network, which is kept for later calls of the same shapes."""
        require_described(call, self._description)
        net = self._net(RoiAlignModel.of(call, OPSET, self.coordinates[call.dialect], static=True))
        for name, array in zip(INPUTS, (call.input, *corners_and_indices(call)), strict=True):
            net.setInput(array, name)
        result: np.ndarray = net.forward(OUTPUT)
        return result

    @staticmethod
    def _read_net(model: RoiAlignModel) -> Any:
        import cv2

        serialized = np.frombuffer(model.build(), dtype=np.uint8)
        return cv2.dnn.readNetFromONNX(serialized, engine=cv2.dnn.ENGINE_NEW)
