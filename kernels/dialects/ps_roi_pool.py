"""The vocabulary of PSRoIPool's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in ``conformance/operators/ps_roi_pool/RULES.md``; the
rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import BinEdges
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class Corners(StrEnum):
    """PP-2: how the corners of a box are rounded, and what the second one means."""

    AFTER_SCALE = "after_scale"
    """``round(x * scale)``: whole feature pixels; the second is the first after the RoI."""
    BEFORE_SCALE = "before_scale"
    """``round(x1) * scale`` and ``(round(x2) + 1) * scale``: whole image pixels, the second the last of the box."""
    ONE_ADDED_FIRST = "one_added_first"
    """``round(x1) * scale`` and ``round(x2 + 1) * scale``, which is another pixel at half a pixel below 0."""


class LeastSize(StrEnum):
    """PP-3: the least extent of a RoI, in feature pixels."""

    ONE = "one"
    TENTH = "tenth"
    """0.1."""


class Clip(StrEnum):
    """PP-6: which pixels a bin may have."""

    MAP = "map"
    """All of the map."""
    BEFORE_LAST = "before_last"
    """All but the last row and the last column: edges are clipped to H − 1, and what lies at an edge is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are torchvision's, but for the edges."""

    corners: Corners = Corners.AFTER_SCALE
    min_size: LeastSize = LeastSize.ONE
    edges: BinEdges = BinEdges.EXACT
    clip: Clip = Clip.BEFORE_LAST

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or there is no formula for it here.
        """
        take_choices(self, _CHOICES)
        if self.edges == BinEdges.ACCUMULATED:
            raise ValueError("edges cannot be 'accumulated': nobody adds them up here")

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``.

        Two dialects that agree after this compute the same function. Where RoIs are no whole feature pixels, only calls are
        judged in which no rounding moves an edge.
        """
        del mode
        return self if self.corners == Corners.AFTER_SCALE else replace(self, edges=BinEdges.MAP)

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradient of ``mode`` does not look at."""
        return self.for_mode(mode)


_CHOICES: Mapping[str, type[StrEnum]] = {
    "corners": Corners,
    "min_size": LeastSize,
    "edges": BinEdges,
    "clip": Clip,
}

_IMAGE_PIXELS = Dialect(corners=Corners.BEFORE_SCALE, min_size=LeastSize.TENTH, edges=BinEdges.MAP, clip=Clip.MAP)
_ONE_ADDED_FIRST = replace(_IMAGE_PIXELS, corners=Corners.ONE_ADDED_FIRST)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": Dialect(edges=BinEdges.MAP),
        "roikit": Dialect(),
        "mxnet": _IMAGE_PIXELS,
        "paddle": _IMAGE_PIXELS,
        "caffe": _IMAGE_PIXELS,
        "openvino": _ONE_ADDED_FIRST,
        "ncnn": _ONE_ADDED_FIRST,
        "opencv": _ONE_ADDED_FIRST,
    }
)
"""The named dialects, of the functions that stand in the table of the rules.

Not reached by these choices: OpenVINO's bilinear mode (interpolated samples, another order of channels), OpenVINO's reference
(no least size, no clip at 0), MXNet with another ``group_size`` than ``pooled_size``.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="ps_roi_pool")
