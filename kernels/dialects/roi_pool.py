"""The vocabulary of RoIPool's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in ``conformance/operators/roi_pool/RULES.md``; the
rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class EdgeShift(StrEnum):
    """RP-5: when the first corner is added to the edges of bins."""

    AFTER = "after"
    """``floor(p * h / P) + y1``."""
    INSIDE = "inside"
    """``floor(p * h / P + y1)``, which differs where corners are not snapped."""


class MaxStart(StrEnum):
    """RP-7: what the maximum of a bin with pixels begins with."""

    LOWEST = "lowest"
    """float32's lowest number, whatever the map is of: it remains where no pixel is greater."""
    LOWEST_OF_MAP = "lowest_of_map"
    """The lowest number of the map's own data type."""
    MINUS_INFINITY = "minus_infinity"
    """Minus infinity, or the first pixel: the maximum is that of the pixels alone."""


class NanPixel(StrEnum):
    """RP-9: when a NaN among the pixels of a bin is the bin's maximum."""

    SKIPPED = "skipped"
    """Never: a comparison with it is false."""
    IF_FIRST = "if_first"
    """If it is the first: no other is greater."""
    IF_LAST = "if_last"
    """If it is the last: what comes after one replaces it."""
    IF_LAST_OF_MAP = "if_last_of_map"
    """If it is the last of the map: all of that is looked at, and a pixel that the bin has not is minus infinity."""
    PROPAGATES = "propagates"
    """Always."""
    UNKNOWN = "unknown"
    """It depends on how the implementation was compiled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are those of the original: Caffe's, and torchvision's but for the edges."""

    snap: CornerSnap = CornerSnap.HALF_AWAY
    end: SnappedEnd = SnappedEnd.INCLUSIVE
    min_size: MinSize = MinSize.ONE
    edges: BinEdges = BinEdges.EXACT
    shift: EdgeShift = EdgeShift.AFTER
    empty: EmptyBin = EmptyBin.ZERO
    start: MaxStart = MaxStart.LOWEST
    nan: NanPixel = NanPixel.SKIPPED

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or there is no formula for it here.
        """
        take_choices(self, _CHOICES)
        if self.min_size == MinSize.ZERO:
            raise ValueError("min_size must be 'one' or 'none': a RoI of no pixels has no bins, like one of less")

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that ``mode`` ("avg" or "max") does not look at.

        Two dialects that agree after this compute the same function in that mode. Every dialect has an average, which its
        geometry defines (RP-7'), whether or not its library offers one.
        """
        if mode == "avg":
            return replace(self, empty=EmptyBin.ZERO, start=MaxStart.LOWEST, nan=NanPixel.SKIPPED)
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradient of ``mode`` does not look at."""
        return replace(self.for_mode(mode), empty=EmptyBin.ZERO)


_CHOICES: Mapping[str, type[StrEnum]] = {
    "snap": CornerSnap,
    "end": SnappedEnd,
    "min_size": MinSize,
    "edges": BinEdges,
    "shift": EdgeShift,
    "empty": EmptyBin,
    "start": MaxStart,
    "nan": NanPixel,
}

_CHAINER = Dialect(
    snap=CornerSnap.HALF_EVEN, edges=BinEdges.FLOAT64, start=MaxStart.MINUS_INFINITY, nan=NanPixel.PROPAGATES
)
_CHAINER_EXCLUSIVE = replace(_CHAINER, end=SnappedEnd.EXCLUSIVE)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": Dialect(edges=BinEdges.MAP),
        "roikit": Dialect(),
        "caffe2": Dialect(edges=BinEdges.FLOAT32),
        "onnxruntime": Dialect(edges=BinEdges.FLOAT32, nan=NanPixel.IF_LAST),
        "openvino": Dialect(start=MaxStart.MINUS_INFINITY, nan=NanPixel.IF_FIRST),
        "openvino-reference": Dialect(edges=BinEdges.MAP),
        "paddle": Dialect(edges=BinEdges.FLOAT32, start=MaxStart.LOWEST_OF_MAP),
        "paddle-gpu": Dialect(),
        "mxnet": Dialect(edges=BinEdges.MAP),
        "ncnn": Dialect(edges=BinEdges.FLOAT32, start=MaxStart.MINUS_INFINITY, nan=NanPixel.UNKNOWN),
        "mnn": Dialect(edges=BinEdges.ACCUMULATED, nan=NanPixel.IF_LAST),
        "tvm": Dialect(
            snap=CornerSnap.HALF_UP, edges=BinEdges.MAP, start=MaxStart.LOWEST_OF_MAP, nan=NanPixel.IF_LAST_OF_MAP
        ),
        "chainer": _CHAINER,
        "chainer-max": replace(_CHAINER_EXCLUSIVE, empty=EmptyBin.MINUS_INFINITY),
        "chainer-average": _CHAINER_EXCLUSIVE,
        "mmcv": Dialect(
            snap=CornerSnap.NONE,
            end=SnappedEnd.BEFORE_SCALE,
            min_size=MinSize.NONE,
            edges=BinEdges.MAP,
            shift=EdgeShift.INSIDE,
        ),
        "tensorrt": Dialect(edges=BinEdges.FLOAT32),
    }
)
"""The named dialects, of the functions that stand in the table of the rules.

Not reached by these choices: Chainer on a GPU (a maximum begins with -1e37), TVM's Relay (moves products of edges by 1e-5),
OpenVINO's bilinear method (one interpolated sample per bin).
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="roi_pool")
