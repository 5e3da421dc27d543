"""Hypothesis strategies for how large a call is, and for how its arrays lie in memory. Needs ``pip install 'roikit[fuzz]'``.

A large call repeats a small one (`enlarging`), so that it is judged as exactly, and as soon. Sizes shrink by halves towards the
smallest that goes wrong, and arrays towards contiguous ones.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ..arranging import WAYS
from ..call import MAP_GRADIENTS
from ..enlarging import MULTIPLES, Enlarged
from ..operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..call import Call

ARRANGEMENTS = ("contiguous", *WAYS)
"""How arrays may lie."""

_GROWN = ("", "", "", "", "K", "K", "C", "NK", "NK", "KC")  # axes of a call that are large
_ROIS = (300, 4097)  # up to which they are drawn, each as often
_CHANNELS = (300, 2050)
_IMAGES = (300,)
_MOST_NUMBERS = 2**18  # of an array
_SIDES = 4  # pooled of a box by an operator that has no bins
_MOST_SAMPLES = 2**21  # of all channels of all RoIs


def _size(draw: st.DrawFn, least: int, limits: Sequence[int], most: int, unit: int = 1) -> int:
    """A multiple of ``unit`` from ``least`` up, which is one; as often as not the greatest."""
    low, high = least // unit, min(draw(st.sampled_from(limits)), most) // unit
    return min(draw(st.integers(low, 2 * high)), high) * unit if high > low else least


@st.composite
def enlarged(draw: st.DrawFn, arguments: Mapping[str, Any], operation: Operation) -> Enlarged | None:
    """Draws how a call repeats that of some arguments; None if it is this call itself, as is one that cannot be pooled."""
    grown, few = draw(st.sampled_from(_GROWN)), len(arguments["boxes"])
    has_own = (
        arguments.get("weights", {"shape": (1, 1)})["shape"][1] > 1
    )  # weights of each channel, which repeat with none
    images, channels, *pixels = arguments["input"]["shape"]
    of_rois = arguments.get("weights_of") == "rois"
    if of_rois:  # weights repeat as images do, so that there are as many of these as of RoIs
        grown = grown.replace("K", "")
        has_own = has_own or images != few
    if not grown or not few or has_own or arguments.get("invalid_rois"):
        return None
    unit = arguments.get("num_orientations", 1)
    adds_up = operation in (Operation.BOX_GRADIENT, Operation.WEIGHT_GRADIENT)
    if (
        operation == Operation.OFFSET_GRADIENT
    ):  # what its channels send adds up, and no rule says how often (`Enlarged.sent`)
        grown = grown.replace("C", "")
    if adds_up and channels > 1:  # all multiples of each channel are added up
        unit = channels = channels * len(MULTIPLES)
    bins, area, samples = _bins(arguments), math.prod(pixels), _samples(arguments)
    most = min(_MOST_NUMBERS // (channels * bins), _MOST_SAMPLES // (channels * samples))
    large = images
    if "N" in grown:
        room = min(_MOST_NUMBERS // (channels * area), images * most // few)
        large = _size(draw, images, _IMAGES, room, images if of_rois else 1)
    rois = few * (large // images)  # so that on every image there are as many
    if "K" in grown:
        rois = _size(draw, rois, _ROIS, most, rois if operation in MAP_GRADIENTS else 1)
    if "C" in grown:
        room = min(_MOST_NUMBERS // max(large * area, rois * bins), _MOST_SAMPLES // (rois * samples))
        channels = _size(draw, channels, _CHANNELS, room, unit)
    return Enlarged(large, channels, rois)


def channels_of_bins(arguments: Mapping[str, Any], call: type[Call]) -> int:
    """How many channels of the maps a channel of the output reads, each bin its own; 0 if it is one for all bins."""
    _, *others = arguments.get("output_size", (1, 1))
    more_bins = {**arguments, "output_size": [arguments["input"]["shape"][1] + 1, *[1] * len(others)]}
    has_own = call.shape_of(more_bins, Operation.FORWARD)[1] == 0
    return _bins(arguments) if has_own else 0


def channel_unit(arguments: Mapping[str, Any], call: type[Call]) -> int:
    """Of what number those of the channels of the maps are multiples, so that bins, or classes, have as many each."""
    said: Callable[[Mapping[str, Any]], int] | None = getattr(call, "channel_unit", None)
    return said(arguments) if said else max(channels_of_bins(arguments, call), arguments.get("num_orientations", 1))


def _bins(arguments: Mapping[str, Any]) -> int:
    """How many parts of a RoI are pooled."""
    return math.prod(arguments.get("output_size", (_SIDES,)))


def _samples(arguments: Mapping[str, Any]) -> int:
    """About how many samples, or pixels, the largest RoI has."""
    scales = arguments.get("spatial_scale", (1, 1))[::-1]  # fractions of an image have none
    areas = [
        abs(math.prod(side * scale for side, scale in zip(_sides(box), scales, strict=True)))
        for box in arguments["boxes"]
    ]
    fixed: int = _bins(arguments) * math.prod(arguments.get("sampling_ratio", (arguments.get("pool_size", 1),)))
    most: int = max(1, fixed, math.ceil(max(areas)))
    return most


def _sides(box: Sequence[float]) -> list[float]:
    """Width, height and maybe depth of a box by its corners, or of one that has them beside its centre and an angle."""
    _, *numbers = box
    half = len(numbers) // 2
    if len(numbers) % 2:
        return list(numbers[half:-1])
    return [second - first for first, second in zip(numbers[:half], numbers[half:], strict=True)]


@st.composite
def arranged(draw: st.DrawFn, names: Sequence[str], ways: Sequence[str]) -> dict[str, str]:
    """Draws how arrays of these names lie in memory, by these ways; those that are contiguous are left out."""
    if "contiguous" in ways and draw(st.booleans()):
        return {}
    drawn = {name: draw(st.sampled_from(ways)) for name in names}
    return {name: way for name, way in drawn.items() if way != "contiguous"}
