"""What the public functions take and return, for type checkers."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, TypeVar

Mode: TypeAlias = Literal["avg", "max"]
"""What a bin makes of its samples, or of its pixels."""

Layout: TypeAlias = Literal["NCHW", "NHWC"]
"""What the dimensions of maps mean; those of an output follow, with RoIs in place of images."""

CropMethod: TypeAlias = Literal["bilinear", "nearest"]
"""What becomes of the pixels around a point of a crop."""

GuardName: TypeAlias = Literal["zero", "add", "clamp", "none"]
"""What becomes of a bin whose weights add up to nothing."""

DataType: TypeAlias = Literal["float16", "bfloat16", "float32", "float64"]
"""The name of a data type of maps."""

LevelRuleName: TypeAlias = Literal[
    "torchvision", "detectron2", "mmdetection", "maskrcnn-benchmark", "matterport", "axlearn"
]
"""The name of a `LevelRule`."""


class Array(Protocol):
    """An array of NumPy or CuPy: what both of them have, and tensors, lists and arrays of other libraries have not."""

    @property
    def dtype(self) -> Any:
        """Data type of the elements."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis."""

    @property
    def flags(self) -> Any:
        """How it lies in memory."""


A = TypeVar("A", bound=Array)
"""The same kind of array for an argument and a result."""
