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
from .placements import COMPANY, HELD, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.deform_ps_roi_pool import Dialect
    from .placements import Placement

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(9, 12)}
_SEVENS = ("within", "top", "far", "inverted-x")
_RATIOS = ((2, 2), (1, 1), (2, 2), (4, 4), (1, 2), (2, 4), (2, 1))
_SCALES = ("1", "1/2", "1/2", "1/4", "2", "1/8", "1/16")
_GAMMAS = ("1/4", "1/8", "1/2", "1/4", "1", "-1/4")
_BY_DEFAULT = "0.1"  # of which nothing is exact
_ASKED = (
    Asked("dq-w", Operation.FORWARD, "avg", ("input", "boxes", "offset")),
    Asked("dq-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes", "offset")),
    Asked("dq-wo", Operation.OFFSET_GRADIENT, "avg", ("grad", "input", "boxes", "offset")),
)
_STRIDED = ("within", "low", "high", "around")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "o": Operation.OFFSET_GRADIENT}
_WHAT = {
    Operation.FEATURE_GRADIENT: "gradient for the map: ",
    Operation.OFFSET_GRADIENT: "gradient for the offsets: ",
}
_RULE = {
    Operation.FORWARD: "DQ-7",
    Operation.FEATURE_GRADIENT: "DQ-8",
    Operation.OFFSET_GRADIENT: "DQ-9",
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
                yield Blueprint(f"dq-s-{placement.name}-{output}", placement, output, n)


def _gradients() -> Iterator[Blueprint]:
    placed = [each for each in enumerate(PLACEMENTS) if each[1].name not in HELD]
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in placed):
        yield Blueprint(f"dq-{name}-{placement.name}", placement, ("small", "wide")[n % 2], n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in _STRIDED]
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "small", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient, placement = blueprint.operation != Operation.FORWARD, blueprint.placement
    bins = chance.one(_OUTPUTS[blueprint.output])
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, rois = 1 + blueprint.number % 2, chance.one((1, 2))
    scales, ratio = [Fraction(chance.one(_SCALES))] * 2, chance.one(_RATIOS)
    if blueprint.number % 5 == 4:  # the axes differ
        scales[1] = Fraction(chance.one(_SCALES))
    # Every fourth has a gamma of which positions are rounded.
    inexact = not is_gradient and not blueprint.arranged and blueprint.number % 4 == 1
    gamma = Fraction(_BY_DEFAULT) if inexact else Fraction(chance.one(_GAMMAS))
    classes, groups, parts = _shared_out(chance, blueprint, bins)
    channels = classes * (1 if blueprint.output == "seven" else chance.one((1, 2)))
    if blueprint.arranged:  # strides of every axis are to matter
        images, rois, bins, ratio = 2, 3, chance.one(((2, 4), (4, 2))), chance.one(_RATIOS[:2])
        classes, channels, groups, parts = 2, 2, (2, 1), bins
    spots = [placement] * rois + [PLACEMENTS[0]] * (placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels * groups[0] * groups[1], *size), range(-8, 9)),
        "boxes": [spot.row(chance, images - 1 - k % images, size, bins, scales) for k, spot in enumerate(spots)],
        "offset": placement.offsets(chance, (len(spots), 2 * classes, *parts)),
        "output_size": list(bins),
        **({} if groups == bins else {"group_size": list(groups)}),
        "spatial_scale": list(map(number, scales)),
        "sampling_ratio": list(ratio),
        "gamma": number(gamma),
        "mode": "avg",
    }
    if is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scales)


def _shared_out(
    chance: Draw, blueprint: Blueprint, bins: tuple[int, int]
) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Classes of channels, groups of channels, and parts of a RoI."""
    rows, columns = bins
    if blueprint.output == "seven":  # as R-FCN has it, or a head of all channels
        return 1, chance.one((bins, (1, 1))), bins
    groups = chance.one((bins, bins, (1, 1), (min(rows, 2), min(columns, 2))))
    parts = chance.one((bins, bins, (1, 1), (min(rows, 2), columns), (rows + 1, columns + 2)))
    return chance.one((1, 1, 2)), groups, parts


def _described(blueprint: Blueprint, arguments: dict[str, Any], scales: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, ratio = arguments["output_size"], arguments["sampling_ratio"]
    is_gradient = blueprint.operation != Operation.FORWARD
    grid = " × ".join(map(str, ratio if ratio[0] != ratio[1] else ratio[:1]))
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    scaled = " × ".join(map(str, dict.fromkeys(scales)))
    about = f", scale {scaled}" if scaled != "1" else ""
    groups = arguments.get("group_size", bins)
    _, numbers, *parts = arguments["offset"]["shape"]
    about += f", {groups[0]} × {groups[1]} groups" if groups != bins else ""
    about += f", {parts[0]} × {parts[1]} parts" if parts != bins else ""
    about += f", {numbers // 2} classes" if numbers > 2 else ""
    about += f", gamma {arguments['gamma']}"
    title = f"{what}{blueprint.placement.title}; {bins[0]} × {bins[1]} bins, {grid} samples{about}."
    rules = {"DQ-1", "DQ-2", "DQ-4", *blueprint.placement.rules, _RULE[blueprint.operation]}
    rules |= {"DQ-13"} if blueprint.arranged else set()
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
