"""The systematic cases: every placement of a RoI, with several outputs and numbers of orientations, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, with or without bounds, which neither zeros nor another constant passes for. No case is ever
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

    from .....kernels.dialects.riroi_align_rotated import Dialect
    from ...roi_align_rotated.draws.placements import Placement

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(6, 9), "seven": range(9, 12)}
_SEVENS = ("quarters", "free", "free-top", "around-free")
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1), (4, 4))
_RATIOS = ((2, 2), (1, 1), (0, 0), (2, 2), (4, 4), (1, 2), (0, 2), (2, 1))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_FEATURES = {
    "small": ((8, 1), (4, 2), (2, 3), (3, 2), (1, 2)),
    "wide": ((4, 1), (8, 1), (2, 2), (3, 1)),
    "seven": ((2, 1),),
}
"""Orientations, and features that have so many."""
_ASKED = (
    Asked("ri-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("ri-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("ri-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes")),
)
_STRIDED = ("upright", "quarters", "quarters-low", "around-quarters")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_WHAT = {Operation.FEATURE_GRADIENT: "gradient for the map: ", Operation.BOX_GRADIENT: "gradient for the box: "}
_RULE = {Operation.FORWARD: "RI-4", Operation.FEATURE_GRADIENT: "RI-5", Operation.BOX_GRADIENT: "RI-6"}


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
                yield Blueprint(f"ri-s-{placement.name}-{output}", placement, output, n)


def _gradients() -> Iterator[Blueprint]:
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in enumerate(PLACEMENTS)):
        yield Blueprint(f"ri-{name}-{placement.name}", placement, ("small", "wide")[n % 2], n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in _STRIDED]
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "small", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    outputs = _POWERS if blueprint.operation == Operation.BOX_GRADIENT else _OUTPUTS[blueprint.output]
    bins = chance.one(outputs)
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, (orientations, features) = 1 + blueprint.number % 2, chance.one(_FEATURES[blueprint.output])
    scale, ratio, rois = Fraction(chance.one(_SCALES)), chance.one(_RATIOS), chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, rois, bins, ratio = 2, 3, chance.one(((2, 4), (4, 2))), chance.one(_RATIOS[:2])
        # How an angle mixes orientations is irrational.
        orientations, features = (1, 3) if blueprint.operation == Operation.BOX_GRADIENT else (3, 1)
    channels = orientations * features
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": [spot.spot(chance, size, bins).row(images - 1 - k % images, scale) for k, spot in enumerate(spots)],
        "output_size": list(bins),
        "spatial_scale": [number(scale)] * 2,
        "sampling_ratio": list(ratio),
        "num_orientations": orientations,
        "mode": "avg",
    }
    if blueprint.operation != Operation.FORWARD:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Fraction) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, ratio, orientations = (arguments[name] for name in ("output_size", "sampling_ratio", "num_orientations"))
    is_gradient = blueprint.operation != Operation.FORWARD
    grid = " × ".join(str(g) if g else "adaptive" for g in (ratio if ratio[0] != ratio[1] else ratio[:1]))
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    scales = "" if scale == 1 else f", scale {scale}"
    of = f"{orientations} orientations" if orientations > 1 else "one orientation"
    title = f"{what}{blueprint.placement.title}; {of}, {bins[0]} × {bins[1]} bins, {grid} samples{scales}."
    rules = {"RI-1", "RI-2", "RI-3", *blueprint.placement.rules, _RULE[blueprint.operation]}
    rules |= {"RI-11"} if blueprint.arranged else set()
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
