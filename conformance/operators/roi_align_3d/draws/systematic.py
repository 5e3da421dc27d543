"""The systematic cases: every placement of a RoI, with several ways of sampling, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, exact of a gradient, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ....arrays import leaves
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ....placing import integers, number
from ...roi_align.draws.placements import Draw
from ..claims import claims
from ..oracle.face import answer_in
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align_3d import Dialect
    from .placements import Placement

_SAMPLINGS = {
    "one": ((1, 1, 1),),
    "two": ((2, 2, 2), (2, 2, 2), (4, 2, 1), (1, 2, 4), (2, 1, 2)),
    "adaptive": ((0, 0, 0), (0, 0, 0), (0, 2, 1), (2, 0, 2), (1, 2, 0)),
}
_OUTPUTS = ((1, 1, 1), (2, 2, 2), (1, 2, 4), (4, 1, 2), (2, 3, 1), (3, 1, 2), (2, 4, 2))
_POWERS = ((1, 1, 1), (2, 2, 2), (1, 2, 4), (4, 2, 1), (2, 1, 4), (2, 4, 1))
_STRIDED = ((2, 1, 4), (2, 4, 1), (1, 2, 4))
_SIDES, _SHORT = range(5, 9), range(4, 6)
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8")
_ASKED = (
    Asked("rv-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("rv-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("rv-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes")),
)
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_WHAT = {
    Operation.FEATURE_GRADIENT: "gradient for the volume: ",
    Operation.BOX_GRADIENT: "gradient for the box: ",
}
_RULE = {Operation.FORWARD: "RV-8", Operation.FEATURE_GRADIENT: "RV-9", Operation.BOX_GRADIENT: "RV-10"}


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    sampling: str
    number: int
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {"systematic": list(_averages()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _averages() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        for sampling in _SAMPLINGS:
            yield Blueprint(f"rv-s-{placement.name}-{sampling}", placement, sampling, n)


def _gradients() -> Iterator[Blueprint]:
    ways = list(_SAMPLINGS)
    for name, operation in _GRADIENTS.items():
        for n, placement in enumerate(PLACEMENTS):
            if placement.name != "huge" or name == "g":
                yield Blueprint(f"rv-{name}-{placement.name}", placement, ways[n % 3], n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in ("inside", "front", "corner", "around")]
    for each in arrangements(_ASKED):
        spots = placed[:1] if each.operation == Operation.BOX_GRADIENT else placed
        yield Blueprint(each.id, spots[each.number % len(spots)], "two", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient, placement = blueprint.operation != Operation.FORWARD, blueprint.placement
    bins = chance.one(_POWERS if is_gradient else _OUTPUTS)
    sides = _SHORT if blueprint.arranged else _SIDES
    size = tuple(chance.one(sides) for _ in range(3))
    images, channels, rois = 1 + blueprint.number % 2, chance.one((1, 2)), chance.one((1, 2))
    scales = [Fraction(chance.one(_SCALES))] * 3
    if blueprint.number % 3 == 2:  # the axes differ
        scales = [Fraction(chance.one(_SCALES)) for _ in range(3)]
    ratios = chance.one(_SAMPLINGS[blueprint.sampling])
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins = 2, 2, 2, chance.one(_STRIDED)
    spots = [placement] * rois + [PLACEMENTS[0]] * placement.company
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": [
            spot.row(chance, images - 1 - k % images, size, bins, ratios, scales) for k, spot in enumerate(spots)
        ],
        "output_size": list(bins),
        "spatial_scale": list(map(number, scales)),
        "sampling_ratio": list(ratios),
        "mode": "avg",
    }
    if is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scales)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scales: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, ratios = arguments["output_size"], arguments["sampling_ratio"]
    is_gradient = blueprint.operation != Operation.FORWARD
    grid = " × ".join(str(g) if g else "adaptive" for g in (ratios if len(set(ratios)) > 1 else ratios[:1]))
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    scaled = " × ".join(map(str, scales if len(set(scales)) > 1 else scales[:1]))
    about = f", scale {scaled}" if scaled != "1" else ""
    place = blueprint.placement.title[0].lower() + blueprint.placement.title[1:]
    title = f"{what}{place}; {bins[0]} × {bins[1]} × {bins[2]} bins, {grid} samples{about}."
    rules = {"RV-1", "RV-2", "RV-4", "RV-5", "RV-7", *blueprint.placement.rules, _RULE[blueprint.operation]}
    rules |= {"RV-13"} if blueprint.arranged else set()
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
