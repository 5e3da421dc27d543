"""The vocabulary of crop_and_resize's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/crop_and_resize/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

BILINEAR, NEAREST = "bilinear", "nearest"
"""The modes: what becomes of the pixels around a point."""


class LastPoint(StrEnum):
    """CR-2: where the last of several points of an axis is."""

    STEP = "step"
    """``y1 (H - 1) + (n - 1) step``: a rounding may take it beyond the map, which then gives the extrapolation value."""
    CORNER = "corner"
    """``y2 (H - 1)``: at the second corner of the box, whatever the step was rounded to."""


class Knot(StrEnum):
    """CR-8: the slope of the interpolation at a point that is exactly on a pixel, where there is no derivative."""

    ZERO = "zero"
    """0: both neighbours are that pixel."""
    RIGHT = "right"
    """That from the right: of the next pixel; 0 at the last one."""


class NearestSlope(StrEnum):
    """CR-8: what ``nearest`` has for a gradient of the boxes."""

    ZERO = "zero"
    """0, the derivative: the nearest pixel does not change with a small move of the box."""
    BILINEAR = "bilinear"
    """That of ``bilinear``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are TensorFlow's."""

    last_point: LastPoint = LastPoint.STEP
    knot: Knot = Knot.ZERO
    nearest_slope: NearestSlope = NearestSlope.BILINEAR

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at in ``mode``.

        Two dialects that agree after this compute the same function.
        """
        if mode == BILINEAR:
            return replace(self, nearest_slope=NearestSlope.BILINEAR)
        return self if self.nearest_slope == NearestSlope.BILINEAR else replace(self, knot=Knot.ZERO)

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


_CHOICES: Mapping[str, type[StrEnum]] = {"last_point": LastPoint, "knot": Knot, "nearest_slope": NearestSlope}

_AT_CORNER = Dialect(last_point=LastPoint.CORNER)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "tensorflow": Dialect(),
        "roikit": Dialect(last_point=LastPoint.CORNER, knot=Knot.RIGHT, nearest_slope=NearestSlope.ZERO),
        "mindspore": Dialect(),
        "onnxruntime": _AT_CORNER,
        "openvino": _AT_CORNER,
    }
)
"""The named dialects. ONNX Runtime's ``com.microsoft.CropAndResize`` and OpenVINO's bilinear ``ROIPooling`` have no gradients:
what is said of these is TensorFlow's.

Not reached by these choices: MindSpore's ``bilinear_v2`` (whole pixels, half a pixel off), a low edge that extrapolates by a
negative weight (keras-cv, axlearn), pixels in place of fractions (longcw's RoIAlign).
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="crop_and_resize")
