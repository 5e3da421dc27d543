"""The libraries that there are scripts for, without loading any: what each fills into its template, and what it cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..kernels.dialect import DIALECTS
from .adapters._call import boxes_like_input, corners_and_indices, float32_scale
from .adapters.mmcv import Mmcv
from .adapters.onnx_reference import OnnxReference
from .adapters.onnxruntime import OnnxRuntime
from .adapters.opencv import OPSET, OpenCv
from .adapters.openvino import OpenVino
from .adapters.torchvision import Torchvision, TorchvisionPython
from .implementation import Operation, Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .implementation import RoiAlignCall

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
    """

    dialects: Mapping[str, Fields]
    boxes: Boxes
    dtypes: tuple[str, ...]
    modes: tuple[str, ...] = ("avg", "max")
    pairs: bool = False
    uses_torch: bool = False
    operations: tuple[Operation, ...] = (Operation.FORWARD,)

    def check(self, call: RoiAlignCall) -> None:
        """Raises `Unsupported` if the library cannot make ``call``."""
        if call.operation not in self.operations:
            raise Unsupported(f"no {call.operation.replace('_', ' ')}")
        if call.mode not in self.modes:
            raise Unsupported(f"mode {call.mode}")
        if not self.pairs:
            call.single_scale()
            call.single_sampling_ratio()
        if self.boxes == Boxes.ROWS:
            boxes_like_input(call)
        if self.boxes == Boxes.CORNERS:
            corners_and_indices(call)
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


_FLOATS = ("float32", "float64", "float16")
_ALL = (*_FLOATS, "bfloat16")
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
        "mmcv": Library(_each("aligned", Mmcv.aligned), Boxes.ROWS, _FLOATS, uses_torch=True, operations=_OF_MAPS),
        "onnxruntime": Library(_onnx(OnnxRuntime.opsets), Boxes.CORNERS, _FLOATS),
        "onnx-reference": Library(_onnx(OnnxReference.opsets), Boxes.CORNERS, _ALL),
        "openvino": Library(_each("aligned_mode", OpenVino.aligned_mode), Boxes.CORNERS, ("float32", "float16")),
        "opencv": Library(_OPENCV, Boxes.CORNERS, ("float32", "float64")),
        "roikit": Library(_each("dialect", {name: name for name in DIALECTS}), Boxes.WIDE_ROWS, _ALL, pairs=True),
    }
)
