"""The reference evaluator of the ``onnx`` package, in Python.

Facts: the operator's schemas, ``onnx/reference/ops/op_roi_align.py`` of 1.23, and running it.

* ``aligned`` depends on the opset of the model, as in ``onnxruntime.py``; but the evaluator gives models of opset 10
  the later default ``half_pixel``, so that its answers to ``onnx-10`` are those of ``onnx-16``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0, the default.
* Boxes are ``(K, 4)`` in the data type of the maps, batch indices int64. The scale is a float32 attribute.
* bfloat16 came with opset 22, so its models are of that opset.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Unsupported
from ..implementation import Description
from ._call import corners_and_indices, require_described
from ._onnx_model import INPUTS, RoiAlignModel, script_fields
from ._script import ALL, Boxes, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.roi_align.call import RoiAlignCall


BFLOAT16_OPSET = 22


def _in_dtype(fields: dict[str, Any], dtype: str) -> dict[str, Any]:
    """What a dialect fills into a script: bfloat16 needs the later opset."""
    if dtype != "bfloat16":
        return fields
    if not fields["coordinates"]:
        raise Unsupported(f"bfloat16 before opset {BFLOAT16_OPSET}")
    return fields | {"opset": BFLOAT16_OPSET}


class OnnxReference:
    """``onnx.reference.ReferenceEvaluator`` over a model of one RoiAlign node."""

    requires: ClassVar[tuple[str, ...]] = ("onnx",)
    install: ClassVar[str] = "pip install onnx"
    takes_long: ClassVar[int] = 1  # it is Python, sample by sample
    opsets: ClassVar[dict[str, tuple[int, str | None]]] = {
        "onnx-10": (10, None),
        "onnx-16": (16, "half_pixel"),
        "onnx-16-output-half-pixel": (16, "output_half_pixel"),
    }
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(script_fields(opsets), Boxes.CORNERS, ALL, model="onnx-model", in_dtype=_in_dtype)
    }

    def __init__(self) -> None:
        import onnx
        import onnx.reference

        self._evaluator = lru_cache(maxsize=256)(self._create_evaluator)
        self._description = Description(
            version=onnx.__version__,
            homepage="https://onnx.ai",
            dialects=tuple(self.opsets),
            modes=("avg", "max"),
            dtypes=("float16", "bfloat16", "float32", "float64"),
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's model, in an evaluator that is kept for later calls."""
        require_described(call, self._description)
        opset, coordinates = self.opsets[call.dialect]
        if call.input.dtype.name == "bfloat16":
            if coordinates is None:
                raise Unsupported(f"bfloat16 before opset {BFLOAT16_OPSET}")
            opset = BFLOAT16_OPSET
        evaluator = self._evaluator(RoiAlignModel.of(call, opset, coordinates))
        feeds = dict(zip(INPUTS, (call.input, *corners_and_indices(call)), strict=True))
        result: np.ndarray = evaluator.run(None, feeds)[0]
        return result

    @staticmethod
    def _create_evaluator(model: RoiAlignModel) -> Any:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(model.build())
