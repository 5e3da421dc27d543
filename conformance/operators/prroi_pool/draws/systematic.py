"""The systematic cases: every placement of a RoI, with several outputs, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, which neither zeros nor another constant passes for. No case is ever drawn from what an
implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ....arrays import leaves
from ....draw import Draw
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ....placing import box, integers, number
from ..claims import claims
from ..oracle.face import answer_in
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.prroi_pool import Dialect
    from ....placing import Placement

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(9, 12)}
_SEVENS = ("inside", "pixels", "odd", "top", "right", "around", "huge", "thin")
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1), (4, 4))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_ASKED = (
    Asked("pr-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("pr-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("pr-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes")),
)
_STRIDED = ("inside", "halves", "top", "left", "bottom", "right", "corner", "around")  # whose pixels differ
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_WHAT = {Operation.FEATURE_GRADIENT: "gradient for the map: ", Operation.BOX_GRADIENT: "gradient for the box: "}
_RULE = {Operation.FORWARD: "PR-6", Operation.FEATURE_GRADIENT: "PR-7", Operation.BOX_GRADIENT: "PR-8"}


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
                yield Blueprint(f"pr-s-{placement.name}-{output}", placement, output, n)


def _gradients() -> Iterator[Blueprint]:
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in enumerate(PLACEMENTS)):
        output = ("small", "wide")[n % 2]
        yield Blueprint(f"pr-{name}-{placement.name}", placement, output, n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in _STRIDED]
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "small", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    of_boxes = blueprint.operation == Operation.BOX_GRADIENT
    outputs = _POWERS if of_boxes and blueprint.placement.name != "odd" else _OUTPUTS[blueprint.output]
    bins = chance.one(outputs)
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, 1 if blueprint.output == "seven" else chance.one((1, 2))
    scale = [Fraction(chance.one(_SCALES))] * 2
    if blueprint.number % 7 == 6:
        scale[1] = Fraction(chance.one(_SCALES))
    rois = chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins = 2, 3, 3, chance.one(((2, 4), (4, 2)))
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    boxes = [[images - 1 - k % images, *box(chance, spot, size, bins, scale)] for k, spot in enumerate(spots)]
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": boxes,
        "output_size": list(bins),
        "spatial_scale": [number(s) for s in scale],
        "mode": "avg",
    }
    if blueprint.operation != Operation.FORWARD:
        arguments["grad"] = integers(chance, (len(boxes), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, is_gradient = arguments["output_size"], blueprint.operation != Operation.FORWARD
    scales = f", scale {' and '.join(map(str, dict.fromkeys(scale)))}" if set(scale) != {1} else ""
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    title = f"{what}{blueprint.placement.title}; {bins[0]} × {bins[1]} bins{scales}."
    rules = {"PR-1", "PR-3", *blueprint.placement.rules, _RULE[blueprint.operation]}
    rules |= {"PR-12"} if blueprint.arranged else set()
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
