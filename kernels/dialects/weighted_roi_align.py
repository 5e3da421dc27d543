"""The vocabulary of weighted RoIAlign's dialects: RoIAlign's, of libraries that can be asked for it.

This module is data, not arithmetic. Pixels are weighed before anything is sampled, so that where boxes lie and how they are
sampled has RoIAlign's choices, and no others. What becomes of a bin whose weights add up to nothing is no dialect but an
argument: nobody has the whole of it, and those who divide by weights elsewhere each guard it in their own way. The formulas
stand in ``conformance/operators/weighted_roi_align/RULES.md``.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import roi_align
from .roi_align import Dialect
from .taking import called

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIALECTS", "Dialect", "Guard", "named_dialect"]


class Guard(StrEnum):
    """SW-4: what is done where the weights of a bin add up to 0, or to little."""

    ZERO = "zero"
    """The bin is 0 where they add up to exactly 0."""
    ADD = "add"
    """A small number, ``epsilon``, is added to the sum."""
    CLAMP = "clamp"
    """The sum is ``epsilon`` at least."""
    NONE = "none"
    """Nothing: 0 / 0 is NaN."""


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        name: roi_align.DIALECTS[name]
        for name in (
            "torchvision",
            "torchvision-aligned",
            "detectron2",
            "mmcv",
            "mmcv-legacy",
            "onnx-10",
            "onnx-16",
            "onnx-16-output-half-pixel",
            "openvino-half-pixel-for-nn",
            "mnn-aligned",
            "ncnn-version-1",
            "ncnn-version-1-aligned",
            "paddle",
        )
    }
)
"""The named dialects: those of libraries by which two calls of RoIAlign, of weighed maps and of weights, are made."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="weighted_roi_align")
