"""The libraries that there are scripts for, without loading any: what each fills into its template, and what it cannot do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...kernels.dialects.roi_align import DIALECTS
from ..adapters._call import boxes_like_input, corners_and_indices, float32_scale
from ..adapters.chainer import Chainer
from ..adapters.detectron2 import Detectron2
from ..adapters.ivy import Ivy
from ..adapters.keras_hub import KerasHub
from ..adapters.mindspore import MindSpore
from ..adapters.mmcv import Mmcv
from ..adapters.mnn import Mnn
from ..adapters.mxnet import MxNet
from ..adapters.ncnn import Ncnn
from ..adapters.onnx_reference import OnnxReference
from ..adapters.onnxruntime import OnnxRuntime
from ..adapters.opencv import OPSET, OpenCv
from ..adapters.openvino import OpenVino
from ..adapters.paddle import Paddle
from ..adapters.tensorflow import TensorFlow
from ..adapters.torchvision import Torchvision, TorchvisionPython
from ..adapters.tvm import Tvm
from ..operator import Operation, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    Fields = dict[str, Any]
    """What is filled into a template."""


class Boxes(Enum):
    """How a library takes boxes."""

    ROWS = auto()
    """``(K, 5)``, the batch index first, in the data type of the maps."""
    WIDE_ROWS = auto()
    """``(K, 5)``, in float32 with maps of 16 bits."""
    CORNERS = auto()
    """``(K, 4)``, in the data type of the maps, and the batch indices apart."""
    BY_IMAGE = auto()
    """The same, for images that are there: the library sees no batch indices."""


@dataclass(frozen=True, slots=True)
class Library:
    """What the scripts for a library need to know of it.

    Attributes:
        dialects: What each of its dialects fills into its template.
        boxes: How it takes boxes.
        dtypes: Its data types, the one to choose first.
        modes: Its modes.
        pairs: Whether scales and sampling ratios may differ between the axes.
        uses_torch: Whether its arrays are PyTorch's, so that NumPy need not know bfloat16.
        operations: What it can be asked for.
        spellings: What each mode fills into its template.
        endings: What each operation fills into its template; if there is nothing, its arrays are PyTorch's or NumPy's.
        ratios: The sampling ratios that it takes: any, or only ``"fixed"`` or ``"adaptive"`` ones.
    """

    dialects: Mapping[str, Fields]
    boxes: Boxes
    dtypes: tuple[str, ...]
    modes: tuple[str, ...] = ("avg", "max")
    pairs: bool = False
    uses_torch: bool = False
    operations: tuple[Operation, ...] = (Operation.FORWARD,)
    spellings: Mapping[str, Fields] = field(default_factory=dict)
    endings: Mapping[Operation, Fields] = field(default_factory=dict)
    ratios: str = "any"

    def check(self, call: Any) -> None:
        """Raises `Unsupported` if the library cannot make ``call``."""
        if call.operation not in self.operations:
            raise Unsupported(f"no {call.operation.replace('_', ' ')}")
        if call.mode not in self.modes:
            raise Unsupported(f"mode {call.mode}")
        if not self.pairs:
            call.single_scale()
            call.single_sampling_ratio()
        if self.ratios != "any" and any((ratio > 0) != (self.ratios == "fixed") for ratio in call.sampling_ratio):
            raise Unsupported(f"{'adaptive sampling' if self.ratios == 'fixed' else 'a fixed sampling ratio'}")
        if self.boxes == Boxes.ROWS:
            boxes_like_input(call)
        if self.boxes in (Boxes.CORNERS, Boxes.BY_IMAGE):
            _, indices = corners_and_indices(call)
            if self.boxes == Boxes.BY_IMAGE and not all(0 <= index < len(call.input) for index in indices):
                raise Unsupported("the index of an image that is not there")
            if not self.pairs:
                float32_scale(call)

    def fields(self, dialect: str, dtype: str) -> Fields:
        """Returns what ``dialect`` fills into the template; raises `Unsupported` if it cannot be had in ``dtype``."""
        fields = self.dialects[dialect]
        if dtype != "bfloat16" or "opset" not in fields:
            return fields
        if not fields["coordinates"]:
            raise Unsupported(f"bfloat16 before opset {OnnxReference.bfloat16_opset}")
        return fields | {"opset": OnnxReference.bfloat16_opset}


def _each(key: str, choices: Mapping[str, object]) -> Mapping[str, Fields]:
    return {dialect: {key: choice} for dialect, choice in choices.items()}


def _onnx(opsets: Mapping[str, tuple[int, str | None]]) -> Mapping[str, Fields]:
    return {
        dialect: {"opset": opset, "coordinates": f'coordinate_transformation_mode = "{mode}", ' if mode else ""}
        for dialect, (opset, mode) in opsets.items()
    }


def _modes(key: str, avg: str, maximum: str) -> Mapping[str, Fields]:
    return {"avg": {key: avg}, "max": {key: maximum}}


def _endings(output: str, gradient: str) -> Mapping[Operation, Fields]:
    return {
        Operation.FORWARD: {"finish": output},
        Operation.FEATURE_GRADIENT: {"finish": f"{gradient}  # the gradient, that is"},
    }


def _ncnn(version: int) -> Mapping[str, Fields]:
    return {dialect: {"aligned": aligned, "version": version} for dialect, aligned in Ncnn.aligned.items()}


_FLOATS = ("float32", "float64", "float16")
_ALL = (*_FLOATS, "bfloat16")
_ONE = ("float32",)
_AVERAGE = ("avg",)
_OF_MAPS = (Operation.FORWARD, Operation.FEATURE_GRADIENT)
_OPENCV = _onnx({dialect: (OPSET, coordinates) for dialect, coordinates in OpenCv.coordinates.items()})

LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        "torchvision": Library(
            _each("aligned", Torchvision.aligned), Boxes.ROWS, _FLOATS, _AVERAGE, uses_torch=True, operations=_OF_MAPS
        ),
        "torchvision-python": Library(
            _each("aligned", TorchvisionPython.aligned),
            Boxes.WIDE_ROWS,
            _ALL,
            _AVERAGE,
            uses_torch=True,
            operations=tuple(Operation),
        ),
        "detectron2": Library(
            _each("aligned", Detectron2.aligned), Boxes.ROWS, _FLOATS, _AVERAGE, uses_torch=True, operations=_OF_MAPS
        ),
        "mmcv": Library(_each("aligned", Mmcv.aligned), Boxes.ROWS, _FLOATS, uses_torch=True, operations=_OF_MAPS),
        "onnxruntime": Library(_onnx(OnnxRuntime.opsets), Boxes.CORNERS, _FLOATS),
        "onnx-reference": Library(_onnx(OnnxReference.opsets), Boxes.CORNERS, _ALL),
        "openvino": Library(_each("aligned_mode", OpenVino.aligned_mode), Boxes.CORNERS, ("float32", "float16")),
        "opencv": Library(_OPENCV, Boxes.CORNERS, ("float32", "float64")),
        "openvino-v3": Library({"openvino-asymmetric": {}}, Boxes.CORNERS, ("float32", "float16")),
        "mnn": Library(
            _each("aligned", Mnn.aligned),
            Boxes.ROWS,
            _ONE,
            operations=_OF_MAPS,
            spellings=_modes("pooling", "AVEPOOL", "MAXPOOL"),
            endings={
                Operation.FORWARD: {"gradient": ""},
                Operation.FEATURE_GRADIENT: {
                    "gradient": "\n    True,  # the gradient, instead of the output\n"
                    "    expr.convert(variable(grad), expr.NC4HW4),"
                },
            },
        ),
        "ncnn": Library(_ncnn(1), Boxes.BY_IMAGE, _ONE, _AVERAGE),
        "ncnn-version-0": Library(_ncnn(0), Boxes.BY_IMAGE, _ONE, _AVERAGE),
        "paddle": Library(
            _each("aligned", Paddle.aligned),
            Boxes.BY_IMAGE,
            ("float32", "float64"),
            _AVERAGE,
            operations=_OF_MAPS,
            endings=_endings(
                "output = pooled.numpy()[np.argsort(order)]",
                "pooled.backward(paddle.to_tensor(grad[order]))\noutput = maps.grad.numpy()",
            ),
        ),
        "tvm": Library(_each("aligned", Tvm.aligned), Boxes.ROWS, _ONE),
        "mxnet": Library(
            _each("aligned", MxNet.aligned),
            Boxes.ROWS,
            _FLOATS,
            _AVERAGE,
            operations=_OF_MAPS,
            endings=_endings(
                "output = pooled.asnumpy()",
                "pooled.backward(mx.nd.array(grad, dtype=grad.dtype))\noutput = maps.grad.asnumpy()",
            ),
        ),
        "chainer": Library(
            {Chainer.dialect: {}},
            Boxes.CORNERS,
            _ONE,
            operations=_OF_MAPS,
            spellings=_modes("function", "average", "max"),
            endings=_endings("output = pooled.array", "pooled.grad = grad\npooled.backward()\noutput = maps.grad"),
        ),
        "mindspore": Library(
            _each("roi_end_mode", MindSpore.roi_end_mode),
            Boxes.ROWS,
            ("float32", "float16"),
            _AVERAGE,
            operations=_OF_MAPS,
            endings=_endings(
                "output = roi_align(maps, rois).asnumpy()",
                "gradient = mindspore.ops.GradOperation(sens_param=True)(lambda maps: roi_align(maps, rois))\n"
                "output = gradient(maps, mindspore.Tensor(grad)).asnumpy()",
            ),
        ),
        "ivy": Library(_each("aligned", Ivy.aligned), Boxes.ROWS, _ONE, _AVERAGE),
        "keras-hub": Library(
            _each("aligned", KerasHub.aligned), Boxes.WIDE_ROWS, ("float32", "float16"), _AVERAGE, ratios="adaptive"
        ),
        "tensorflow": Library(
            {TensorFlow.dialect: {}},
            Boxes.CORNERS,
            _ONE,
            pairs=True,
            operations=tuple(Operation),
            spellings=_modes("pooling", "AVG", "MAX"),
            endings={
                **_endings(
                    "output = pooled.numpy().transpose(0, 3, 1, 2)",
                    "sent = tf.constant(grad.transpose(0, 2, 3, 1))\n"
                    "gradient = tf.convert_to_tensor(tape.gradient(pooled, maps, sent))\n"
                    "output = gradient.numpy().transpose(0, 3, 1, 2)",
                ),
                Operation.BOX_GRADIENT: {
                    "finish": "sent = tf.constant(grad.transpose(0, 2, 3, 1))\n"
                    "output = tf.convert_to_tensor(tape.gradient(pooled, rois, sent)).numpy()"
                },
            },
            ratios="fixed",
        ),
        "roikit": Library(_each("dialect", {name: name for name in DIALECTS}), Boxes.WIDE_ROWS, _ALL, pairs=True),
    }
)
