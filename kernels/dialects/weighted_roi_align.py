"""The vocabulary of weighted RoIAlign's dialects: RoIAlign's, of libraries that can be asked for it.

This module is data, not arithmetic. Pixels are weighed before anything is sampled, so that where boxes lie and how they are
sampled has RoIAlign's choices, and no others. What becomes of a bin whose weights add up to nothing is no dialect but an
argument: nobody has the whole of it, and those who divide by weights elsewhere each guard it in their own way. The formulas
stand in ``conformance/operators/weighted_roi_align/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import roi_align
from .taking import called

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DIALECTS", "MEANS", "Dialect", "Guard", "named_dialect"]


MEANS = ("lp", "softmax")
"""SW-14, SW-15: the modes in which all samples of a bin count, as in an average, and which are no sums."""


@dataclass(frozen=True, slots=True, eq=False)
class Dialect(roi_align.Dialect):
    """One of RoIAlign's, to which means are another mode; equal to that of RoIAlign with the same choices."""

    def __eq__(self, other: object) -> bool:
        """Whether all choices are the same."""
        if not isinstance(other, roi_align.Dialect):
            return NotImplemented
        return all(getattr(self, each.name) == getattr(other, each.name) for each in fields(roi_align.Dialect))

    def __hash__(self) -> int:
        """That of RoIAlign's, which has the same choices."""
        return hash(tuple(getattr(self, each.name) for each in fields(roi_align.Dialect)))

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that a mode does not look at: means look at those of averages."""
        return super(Dialect, self).for_mode("avg" if mode in MEANS else mode)


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
        name: Dialect(**{each.name: getattr(roi_align.DIALECTS[name], each.name) for each in fields(Dialect)})
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
