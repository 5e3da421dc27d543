"""What ``roikit reproduce`` prints: a case as a script that needs a library and NumPy, for that library's issue tracker.

``templates/NAME.py.txt`` makes the call as a user of the library would; ``templates/script.py.txt`` is what all scripts share.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from importlib.resources import files
from string import Template
from textwrap import indent
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..kernels.dialect import DIALECTS
from . import deviations, literal
from .adapters._call import boxes_like_input, corners_and_indices, float32_scale
from .adapters.mmcv import Mmcv
from .adapters.onnx_reference import OnnxReference
from .adapters.onnxruntime import OnnxRuntime
from .adapters.opencv import OPSET, OpenCv
from .adapters.openvino import OpenVino
from .adapters.torchvision import Torchvision, TorchvisionPython
from .case import load_cases
from .implementation import Unsupported, registered
from .rules import describe
from .selection import UsageError, check_names, find_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .case import Case, Expectation
    from .deviations import Deviation
    from .implementation import RoiAlignCall


class Boxes(Enum):
    """How a library takes boxes."""

    ROWS = auto()
    """``(K, 5)``, the batch index first, in the data type of the maps."""
    WIDE_ROWS = auto()
    """``(K, 5)``, in float32 with maps of 16 bits."""
    CORNERS = auto()
    """``(K, 4)`` in the data type of the maps, and the batch indices apart."""


@dataclass(frozen=True, slots=True)
class Library:
    """What the scripts for a library need to know of it.

    Attributes:
        dialects: What each of its dialects fills into its template.
        boxes: How it takes boxes.
        dtypes: Its data types, those that scripts prefer first.
        modes: Its modes.
        pairs: Whether it takes scales and sampling ratios for each axis.
    """

    dialects: Mapping[str, Mapping[str, Any]]
    boxes: Boxes
    dtypes: tuple[str, ...]
    modes: tuple[str, ...] = ("avg", "max")
    pairs: bool = False

    def check(self, call: RoiAlignCall) -> None:
        """Raises `Unsupported` if the library cannot make ``call``."""
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
            if call.input.dtype.name == "bfloat16" and not self.dialects[call.dialect]["coordinates"]:
                raise Unsupported("bfloat16 before opset 22")


def _by_dialect(key: str, choices: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    return {dialect: {key: choice} for dialect, choice in choices.items()}


def _onnx(opsets: Mapping[str, tuple[int, str | None]]) -> dict[str, dict[str, Any]]:
    return {
        dialect: {"opset": opset, "coordinates": f'coordinate_transformation_mode = "{mode}", ' if mode else ""}
        for dialect, (opset, mode) in opsets.items()
    }


_FLOATS = ("float32", "float64", "float16")
LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        "torchvision": Library(_by_dialect("aligned", Torchvision.aligned), Boxes.ROWS, _FLOATS, ("avg",)),
        "torchvision-python": Library(
            _by_dialect("aligned", TorchvisionPython.aligned), Boxes.WIDE_ROWS, (*_FLOATS, "bfloat16"), ("avg",)
        ),
        "mmcv": Library(_by_dialect("aligned", Mmcv.aligned), Boxes.ROWS, _FLOATS),
        "onnxruntime": Library(_onnx(OnnxRuntime.opsets), Boxes.CORNERS, _FLOATS),
        "onnx-reference": Library(_onnx(OnnxReference.opsets), Boxes.CORNERS, (*_FLOATS, "bfloat16")),
        "openvino": Library(
            _by_dialect("aligned_mode", OpenVino.aligned_mode), Boxes.CORNERS, ("float32", "float16")
        ),
        "opencv": Library(
            _onnx({dialect: (OPSET, mode) for dialect, mode in OpenCv.coordinates.items()}),
            Boxes.CORNERS,
            ("float32", "float64"),
        ),
        "roikit": Library(
            _by_dialect("dialect", {name: name for name in DIALECTS}),
            Boxes.WIDE_ROWS,
            (*_FLOATS, "bfloat16"),
            pairs=True,
        ),
    }
)
