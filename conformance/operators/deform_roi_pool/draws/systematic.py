"""The systematic cases: every placement of a RoI, with several outputs, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, exact of a gradient, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ....arrays import leaves
from ....draw import Draw
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ....placing import integers, number
from ..claims import claims
from ..oracle.face import answer_in
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.deform_roi_pool import Dialect
    from .placements import Placement

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(9, 12)}
_SEVENS = ("within", "top", "far", "mirrored")
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1), (4, 4))
_RATIOS = ((2, 2), (1, 1), (0, 0), (2, 2), (4, 4), (1, 2), (0, 2), (2, 1))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_GAMMAS = ("1/4", "1/8", "1/2", "1/4", "1", "-1/4")
_BY_DEFAULT = "0.1"  # of which nothing is exact
_ASKED = (
    Asked("dp-w", Operation.FORWARD, "avg", ("input", "boxes", "offset")),
    Asked("dp-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes", "offset")),
    Asked("dp-wo", Operation.OFFSET_GRADIENT, "avg", ("grad", "input", "boxes", "offset")),
    Asked("dp-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes", "offset")),
)
_STRIDED = ("within", "low", "high", "around")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "o": Operation.OFFSET_GRADIENT, "b": Operation.BOX_GRADIENT}
_WHAT = {
    Operation.FEATURE_GRADIENT: "gradient for the map: ",
    Operation.OFFSET_GRADIENT: "gradient for the offsets: ",
    Operation.BOX_GRADIENT: "gradient for the box: ",
}
_RULE = {
    Operation.FORWARD: "DP-6",
    Operation.FEATURE_GRADIENT: "DP-7",
    Operation.OFFSET_GRADIENT: "DP-8",
    Operation.BOX_GRADIENT: "DP-9",
}


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    output: str
    number: int
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {"systematic": list(_averages()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _averages() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        for output in _OUTPUTS:
            if output != "seven" or placement.name in _SEVENS:
                yield Blueprint(f"dp-s-{placement.name}-{output}", placement, output, n)


def _gradients() -> Iterator[Blueprint]:
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in enumerate(PLACEMENTS)):
        yield Blueprint(f"dp-{name}-{placement.name}", placement, ("small", "wide")[n % 2], n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in _STRIDED]
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "small", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient, placement = blueprint.operation != Operation.FORWARD, blueprint.placement
    bins = chance.one(_POWERS if blueprint.operation == Operation.BOX_GRADIENT else _OUTPUTS[blueprint.output])
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, 1 if blueprint.output == "seven" else chance.one((1, 2))
    scales, ratio, rois = [Fraction(chance.one(_SCALES))] * 2, chance.one(_RATIOS), chance.one((1, 2))
    if blueprint.number % 5 == 4:  # the axes differ
        scales[1] = Fraction(chance.one(_SCALES))
    # Every fourth has a gamma of which positions are rounded.
    inexact = not is_gradient and not blueprint.arranged and blueprint.number % 4 == 1
    gamma = Fraction(_BY_DEFAULT) if inexact else Fraction(chance.one(_GAMMAS))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins, ratio = 2, 3, 3, chance.one(((2, 4), (4, 2))), chance.one(_RATIOS[:2])
    spots = [placement] * rois + [PLACEMENTS[0]] * (placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": [spot.row(chance, images - 1 - k % images, size, bins, scales) for k, spot in enumerate(spots)],
        "offset": placement.offsets(chance, len(spots), bins),
        "output_size": list(bins),
        "spatial_scale": list(map(number, scales)),
        "sampling_ratio": list(ratio),
        "gamma": number(gamma),
        "mode": "avg",
    }
    if is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scales)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scales: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, ratio = arguments["output_size"], arguments["sampling_ratio"]
    is_gradient = blueprint.operation != Operation.FORWARD
    grid = " × ".join(str(g) if g else "adaptive" for g in (ratio if ratio[0] != ratio[1] else ratio[:1]))
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    scaled = " × ".join(map(str, dict.fromkeys(scales)))
    about = f", scale {scaled}" if scaled != "1" else ""
    gamma = f", gamma {arguments['gamma']}"
    title = f"{what}{blueprint.placement.title}; {bins[0]} × {bins[1]} bins, {grid} samples{about}{gamma}."
    rules = {"DP-1", "DP-2", "DP-3", *blueprint.placement.rules, _RULE[blueprint.operation]}
    rules |= {"DP-13"} if blueprint.arranged else set()
    case: dict[str, Any] = {
        "id": blueprint.id,
        "title": title[0].upper() + title[1:],
        "rules": sorted(rules, key=rule_number),
        "kind": "value",
    }
    case |= {"operation": blueprint.operation.value} if is_gradient else {}
    case |= {"arranged": dict(blueprint.arranged)} if blueprint.arranged else {}
    return {**case, "claims": claims(arguments, blueprint.operation), "arguments": arguments}


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    if case.get("claims") == "fragile":
        return False
    for dialect in dialects:
        for dtype in ("float32", "float64"):
            answer = answer_in(case["arguments"], operation, dialect, dtype)
            if answer is None or None in leaves(answer.bound or 0) or not _tells(answer.output):
                return False
    return True


def _tells(output: Any) -> bool:
    """Whether neither zeros nor any other constant would pass for an output."""
    values = list(leaves(output))
    return len(set(values)) > 1 if len(values) > 1 else bool(set(values) - {0})
