"""Faults that show at the ends of number types, and where an implementation has a path of its own: for one size, say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import formulas as faults
from .mutants import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Objects = NDArray[Any]

FAR = 1e6  # image pixels


def _images(name: str, who: str, change: Callable[[Objects, int], Objects]) -> Mutant:
    """A change of the batch indices, which also gets the number of images."""

    def before(call: faults.Call) -> faults.Call:
        boxes = call.boxes.copy()
        if boxes.size:
            boxes[:, 0] = change(boxes[:, 0], len(call.input))
        return replace(call, boxes=boxes)

    return Mutant(name, who, before=before)


def _from_the_end(indices: Objects, images: int) -> Objects:
    return np.where(indices < 0, indices + images, indices)


def _in_32_bits(indices: Objects, images: int) -> Objects:
    del images
    return np.where(np.isfinite(indices), np.fmod(np.trunc(np.nan_to_num(indices)), 2.0**32), indices)


def _columns(first: int, last: int, nan: float, infinite: float) -> Callable[[faults.Call], faults.Call]:
    """Puts numbers in the place of what is no number in some columns of the boxes."""

    def change(boxes: Objects) -> Objects:
        boxes[:, first:last] = np.nan_to_num(boxes[:, first:last], nan=nan, posinf=infinite, neginf=-infinite)
        return boxes

    return faults.boxes(change)


def _path(name: str, who: str, taken: Callable[[Objects], bool], axes: tuple[int, ...]) -> Mutant:
    """The output in reverse order along some axes where a path of its own is taken."""
    return Mutant(name, who, after=lambda values, _: np.flip(values, axes) if taken(values) else values)


CORNER_MUTANTS: tuple[Mutant, ...] = (
    _images("a batch index of -0 is no image", "", lambda b, _: np.where((b == 0) & np.signbit(b), -1.0, b)),
    _images("batch index rounded down", "", lambda b, _: np.floor(b)),
    _images("negative batch indices count from the end", "Python's indexing", _from_the_end),
    _images("batch index clamped to the images", "", lambda b, images: np.clip(b, 0, images - 1)),
    _images("batch index in 32 bits", "", _in_32_bits),
    _images("a batch index that is NaN taken for 0", "", lambda b, _: np.where(np.isnan(b), 0.0, b)),
    _images("an infinite batch index taken for an image", "", lambda b, _: np.where(np.isposinf(b), 0.0, b)),
    _images("a batch index of -inf taken for an image", "", lambda b, _: np.where(np.isneginf(b), 0.0, b)),
    Mutant("second corner not looked at for NaN", before=_columns(3, 5, 0.0, np.inf)),
    Mutant("first corner not looked at for NaN", before=_columns(1, 3, 0.0, np.inf)),
    Mutant("NaN coordinates taken for 0", "torchvision's XPU kernels", before=_columns(1, 5, 0.0, np.inf)),
    Mutant("second corner not looked at for infinity", before=_columns(3, 5, np.nan, FAR)),
    Mutant("first corner not looked at for infinity", before=_columns(1, 3, np.nan, FAR)),
    Mutant(
        "a box whose extent overflows is pooled",
        "",
        before=lambda call: replace(call, dtype="float64"),
        dtype="float32",
    ),
    _path("bins of 14 × 14 in reverse order", "", lambda values: values.shape[2:] == (14, 14), (2, 3)),
    _path("bins of 7 × 7 in reverse order", "", lambda values: values.shape[2:] == (7, 7), (2, 3)),
    _path("four channels in reverse order", "", lambda values: values.shape[1] % 4 == 0, (1,)),
    Mutant(
        "a lone image taken for a map of zeros",
        before=lambda call: replace(call, input=call.input * (len(call.input) > 1)),
    ),
)
"""Faults of outputs."""
