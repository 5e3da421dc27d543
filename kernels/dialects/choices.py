"""Decision points that several operators share, and the choices at each."""

from __future__ import annotations

from enum import StrEnum


class Offset(StrEnum):
    """RA-1: how an image coordinate becomes a feature coordinate."""

    NONE = "none"
    """``x * scale``: the original RoIAlign, half a pixel off."""
    HALF = "half"
    """``x * scale - 0.5``: scale first, then shift."""
    HALF_BEFORE_SCALE = "half_before_scale"
    """``(x - 0.5) * scale``: what an importer computes that shifts the box before the operator scales it."""
    PIXEL_CENTRE = "pixel_centre"
    """``(x + 0.5) * scale - 0.5``: image pixel centres map to feature pixel centres."""


class End(StrEnum):
    """RA-2: what the second corner of a box means."""

    EXCLUSIVE = "exclusive"
    """``x2`` is a position."""
    PLUS_ONE = "plus_one"
    """``x2`` is the last pixel of the box: 1 is added before scaling."""


class MinSize(StrEnum):
    """RA-2: the least extent of a RoI, in feature pixels."""

    NONE = "none"
    ZERO = "zero"
    ONE = "one"


class Adaptive(StrEnum):
    """RA-4: samples per bin and axis when ``sampling_ratio`` is not positive, from the bin size."""

    CEIL = "ceil"
    FLOOR = "floor"
    ROUND = "round"
    """Half away from zero."""


class GridCap(StrEnum):
    """RA-4: whether a bin may take more samples along an axis than the map has pixels there."""

    NONE = "none"
    MAP = "map"
    """Samples number H (or W) and above are not taken; the divisor still counts them."""


class EmptyGrid(StrEnum):
    """RA-8: the average of a bin whose grid has no samples."""

    ZERO = "zero"
    """The divisor is at least 1, so the result is 0."""
    NAN = "nan"
    """0 / 0."""
    ONE_SAMPLE = "one_sample"
    """An axis has at least one sample, so no grid is empty."""


class Outside(StrEnum):
    """RA-6: the value of a sample farther than one pixel outside the map."""

    ZERO = "zero"
    """The sample is 0 (and still counts)."""
    CLAMP = "clamp"
    """The sample is moved to the nearest edge, however far away it is."""


class Max(StrEnum):
    """RA-9: what ``mode="max"`` takes the maximum of."""

    SAMPLE = "sample"
    """Interpolated sample values; a sample outside the map counts as 0."""
    SAMPLE_INSIDE = "sample_inside"
    """Interpolated sample values; a sample outside the map is skipped."""
    CORNER = "corner"
    """The four weighted corners of every sample, each on its own; a sample outside the map counts as 0."""


class CornerSnap(StrEnum):
    """RP-1: which pixel a scaled corner of a box becomes."""

    NONE = "none"
    """None: it stays a position."""
    HALF_AWAY = "half_away"
    """The nearest; of two, the one farther from 0: C's ``round``."""
    HALF_EVEN = "half_even"
    """The nearest; of two, the even one: Python's ``round``."""
    HALF_UP = "half_up"
    """The nearest; of two, the greater: ``floor(x + 0.5)``."""


class SnappedEnd(StrEnum):
    """RP-2: what the second corner of a box means where corners become pixels."""

    INCLUSIVE = "inclusive"
    """The pixel it becomes is the last of the RoI: 1 is added to the extent, in feature pixels."""
    EXCLUSIVE = "exclusive"
    """The pixel it becomes is the first after the RoI."""
    BEFORE_SCALE = "before_scale"
    """1 is added to it in image pixels, before it is scaled."""


class BinEdges(StrEnum):
    """RP-4: in which arithmetic the edges of bins are computed."""

    EXACT = "exact"
    """In integers, or so that no rounding moves an edge."""
    MAP = "map"
    """``p * (h / P)`` in the data type of the map."""
    FLOAT32 = "float32"
    """``p * (h / P)`` in float32, whatever the map is of."""
    FLOAT64 = "float64"
    """``p * (h / P)`` in float64, whatever the map is of."""
    ACCUMULATED = "accumulated"
    """``h / P`` in float32, added up from bin to bin."""


class EmptyBin(StrEnum):
    """RP-6: the maximum of a bin without pixels."""

    ZERO = "zero"
    MINUS_INFINITY = "minus_infinity"
