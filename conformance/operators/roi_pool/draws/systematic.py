"""The systematic cases: every placement of a RoI, with several outputs, of a maximum, an average and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is one answer under every
main dialect, which neither zeros nor another constant passes for. No case is ever drawn from what an implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ....draw import Draw
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....placing import box, integers, number
from ....systematic import as_case, named, scaled, tells
from ..claims import claims
from ..oracle.face import ORACLE
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....placing import Placement

_OUTPUTS = {"small": ((1, 1), (2, 2), (3, 2), (1, 4), (4, 4)), "wide": ((2, 7), (5, 3), (6, 5)), "seven": ((7, 7),)}
_SIDES = {"small": range(5, 9), "wide": range(7, 12), "seven": range(9, 15)}
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 4))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_ASKED = (
    Asked("rp-w", Operation.FORWARD, "max", ("input", "boxes")),
    Asked("rp-wa", Operation.FORWARD, "avg", ("input",)),
    Asked("rp-wg", Operation.FEATURE_GRADIENT, "max", ("grad", "input", "boxes")),
    Asked("rp-wga", Operation.FEATURE_GRADIENT, "avg", ("grad",)),
)
_STRIDED = ("inside", "whole", "top", "left", "bottom", "right", "corner", "around")  # whose pixels differ


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    output: str
    mode: str
    number: int
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(_maxima()),
        "systematic-average": list(_averages()),
        "gradient": list(_gradients()),
        "memory": list(_arrangements()),
    }


def _maxima() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        for output in _OUTPUTS:
            yield Blueprint(f"rp-s-{placement.name}-{output}", placement, output, "max", n)


def _averages() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        output = tuple(_OUTPUTS)[n % 3]
        yield Blueprint(f"rp-a-{placement.name}", placement, output, "avg", n)


def _gradients() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        output = ("small", "wide")[n % 2]
        yield Blueprint(f"rp-g-{placement.name}", placement, output, "max", n, Operation.FEATURE_GRADIENT)
        if n % 2 == 0:
            yield Blueprint(f"rp-g-avg-{placement.name}", placement, "small", "avg", n, Operation.FEATURE_GRADIENT)


def _arrangements() -> Iterator[Blueprint]:
    placed = named(PLACEMENTS, _STRIDED)
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "small", each.mode, 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_average = blueprint.mode == "avg"
    bins = chance.one(_POWERS if is_average and blueprint.output == "small" else _OUTPUTS[blueprint.output])
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, chance.one((1, 2))
    scale = [Fraction(chance.one(_SCALES))] * 2
    if blueprint.number % 7 == 6:
        scale[1] = Fraction(chance.one(_SCALES))
    rois = chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins = 2, 3, 3, chance.one(((2, 4), (4, 2)))
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    boxes = [[images - 1 - k % images, *box(chance, spot, size, bins, scale)] for k, spot in enumerate(spots)]
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), _pixels(chance, blueprint)),
        "boxes": boxes,
        "output_size": list(bins),
        "spatial_scale": [number(s) for s in scale],
        "mode": blueprint.mode,
    }
    if blueprint.operation != Operation.FORWARD:
        arguments["grad"] = integers(chance, (len(boxes), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _pixels(chance: Draw, blueprint: Blueprint) -> Sequence[int]:
    """Of which numbers the map consists: of a maximum, every other time of negative ones."""
    if blueprint.mode == "avg":
        return range(-8, 9)
    return range(-64, 0) if chance.one((True, False)) else range(-32, 33)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, is_gradient = arguments["output_size"], blueprint.operation != Operation.FORWARD
    what = "gradient for the map: " if is_gradient else "average: " if blueprint.mode == "avg" else ""
    what += lying(blueprint.arranged)
    title = f"{what}{blueprint.placement.title}; {bins[0]} × {bins[1]} bins{scaled(scale)}."
    rules = {"RP-1", "RP-3", "RP-4", "RP-7", *blueprint.placement.rules} | ({"RP-8"} if is_gradient else set())
    rules |= {"RP-12"} if blueprint.arranged else set()
    return as_case(blueprint, arguments, claims(arguments, blueprint.operation), title, rules)


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has one answer, which tells something, under these dialects."""
    operation, mode = Operation(case.get("operation", Operation.FORWARD)), case["arguments"]["mode"]
    for dialect in dialects:
        found = [ORACLE.answers_in(case["arguments"], operation, dialect, dtype) for dtype in ("float32", "float64")]
        if any(len(each) != 1 for each in found) or not tells(found[0][0].output):
            return False
    return bool(mode == "avg" or case["claims"] == "exact")
