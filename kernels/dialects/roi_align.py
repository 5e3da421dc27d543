"""The vocabulary of dialects: one choice for every point where public RoIAlign implementations differ.

This module is data, not arithmetic. The kernels read it to specialise their source, the oracle reads it to know which
exact value to expect, and neither learns from it how the other computes. The formulas behind each choice stand in
``conformance/operators/roi_align/RULES.md``; the rule numbers below refer to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are torchvision's with ``aligned=False``.

    ``max_start`` (RA-9) is a value that every maximum includes. None adds none, and a maximum over nothing is 0; with -inf it
    is -inf.
    """

    offset: Offset = Offset.NONE
    end: End = End.EXCLUSIVE
    min_size: MinSize = MinSize.ONE
    adaptive: Adaptive = Adaptive.CEIL
    grid_cap: GridCap = GridCap.NONE
    empty_grid: EmptyGrid = EmptyGrid.ZERO
    outside: Outside = Outside.ZERO
    max: Max = Max.SAMPLE
    max_start: float | None = None

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or ``max_start`` is no number that float32 can hold.
        """
        take_choices(self, _CHOICES)
        if self.max_start is not None:
            start = float(self.max_start)
            if not (start == -math.inf or abs(start) <= _FLOAT32_MAX):
                raise ValueError(
                    f"max_start must be None, -inf, or a number that float32 can hold, not {self.max_start!r}"
                )
            object.__setattr__(self, "max_start", start)

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that ``mode`` ("avg" or "max") does not look at.

        Two dialects that agree after this compute the same function in that mode.
        """
        if mode == "avg":
            return replace(self, max=Max.SAMPLE, max_start=None)
        return replace(self, empty_grid=self.empty_grid if self.empty_grid == EmptyGrid.ONE_SAMPLE else EmptyGrid.ZERO)

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradient of ``mode`` does not look at."""
        rules = self.for_mode(mode)
        return replace(rules, empty_grid=EmptyGrid.ZERO) if rules.empty_grid == EmptyGrid.NAN else rules


_FLOAT32_MAX = (2 - 2**-23) * 2.0**127
_CHOICES: Mapping[str, type[StrEnum]] = {
    "offset": Offset,
    "end": End,
    "min_size": MinSize,
    "adaptive": Adaptive,
    "grid_cap": GridCap,
    "empty_grid": EmptyGrid,
    "outside": Outside,
    "max": Max,
}

_LEGACY = Dialect()
_ALIGNED = Dialect(offset=Offset.HALF, min_size=MinSize.NONE)
_OPENVINO = Dialect(empty_grid=EmptyGrid.NAN, max=Max.SAMPLE, max_start=0.0)
_OPENCV = Dialect(empty_grid=EmptyGrid.ONE_SAMPLE, max=Max.CORNER)
_TORCHVISION_PYTHON = Dialect(outside=Outside.CLAMP, grid_cap=GridCap.MAP)
_MMCV = Dialect(max_start=-10000.0)
_UNGUARDED = Dialect(empty_grid=EmptyGrid.NAN)
_TVM = Dialect(max_start=-math.inf)
_MINDSPORE = Dialect(adaptive=Adaptive.FLOOR, empty_grid=EmptyGrid.NAN)
_TENSORRT = Dialect(empty_grid=EmptyGrid.NAN, max=Max.CORNER)
_ONNXRUNTIME_CUDA = Dialect(adaptive=Adaptive.ROUND, empty_grid=EmptyGrid.NAN, max=Max.CORNER)


def _aligned(dialect: Dialect) -> Dialect:
    return replace(dialect, offset=Offset.HALF, min_size=MinSize.NONE)


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": _LEGACY,
        "torchvision-aligned": _ALIGNED,
        "torchvision-python": _TORCHVISION_PYTHON,
        "torchvision-python-aligned": _aligned(_TORCHVISION_PYTHON),
        "detectron2": _ALIGNED,
        "detectron2-legacy": _LEGACY,
        "mmcv": _aligned(_MMCV),
        "mmcv-legacy": _MMCV,
        "onnx-10": replace(_LEGACY, max=Max.CORNER),
        "onnx-16": replace(_ALIGNED, max=Max.CORNER),
        "onnx-16-output-half-pixel": replace(_LEGACY, max=Max.CORNER),
        "openvino-asymmetric": _OPENVINO,
        "openvino-half-pixel-for-nn": _aligned(_OPENVINO),
        "openvino-half-pixel": replace(_OPENVINO, offset=Offset.PIXEL_CENTRE, min_size=MinSize.NONE),
        "opencv": _aligned(_OPENCV),
        "opencv-output-half-pixel": _OPENCV,
        "caffe2": _LEGACY,
        "chainer": Dialect(max=Max.SAMPLE_INSIDE, max_start=-math.inf),
        "migraphx": replace(_LEGACY, offset=Offset.HALF, max=Max.CORNER),
        "migraphx-output-half-pixel": replace(_LEGACY, max=Max.CORNER),
        "mindspore": replace(_MINDSPORE, end=End.PLUS_ONE, min_size=MinSize.NONE),
        "mindspore-end-mode-0": _MINDSPORE,
        "mnn": _UNGUARDED,
        "mnn-aligned": _aligned(_UNGUARDED),
        "mxnet": _UNGUARDED,
        "mxnet-aligned": _aligned(_UNGUARDED),
        "ncnn-version-1": _LEGACY,
        "ncnn-version-1-aligned": _ALIGNED,
        "nnapi": Dialect(outside=Outside.CLAMP),
        "onnxruntime-cuda": _aligned(_ONNXRUNTIME_CUDA),
        "onnxruntime-cuda-output-half-pixel": _ONNXRUNTIME_CUDA,
        "paddle": _aligned(_UNGUARDED),
        "paddle-legacy": _UNGUARDED,
        "tensorrt": _aligned(_TENSORRT),
        "tensorrt-output-half-pixel": _TENSORRT,
        "tvm": _TVM,
        "tvm-aligned": replace(_TVM, min_size=MinSize.NONE),
        "tvm-imported": replace(_TVM, offset=Offset.HALF_BEFORE_SCALE, min_size=MinSize.NONE),
    }
)
"""The named dialects. A bare name is what the library does by default; a suffix names its other settings.

Not reached by these choices: TensorFlow's crop_and_resize and its descendants (a grid that includes both ends of the box), scenic
(every pixel beyond the edge is 0), axlearn (extrapolates at the low edge), Arm's Compute Library (clips bins to the map), ncnn's
version 0 (counts samples of the clipped bin), jwyang's (a grid of corners), PrRoIPool (an integral).
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="roi_align")
