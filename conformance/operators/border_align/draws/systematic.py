"""The systematic cases: every placement of a box, with several numbers of points, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, with or without bounds, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ....arrays import leaves
from ....draw import Draw
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ....placing import integers
from ..call import SIDES
from ..claims import claims, rules_of
from ..oracle.face import answer_in
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.border_align import Dialect
    from .placements import Placement

_POOLS = {"one": (1,), "few": (2, 4), "many": (8, 16), "ten": (10,), "odd": (3, 5, 7)}
"""Into how many parts a side is divided."""
_EXACT = ("one", "few", "many")
_ENDS_OUTSIDE = ("wide", "tall")  # so that there must be points between them
_SIDE = range(6, 10)
_ASKED = (
    Asked("ba-w", Operation.FORWARD, "max", ("input", "boxes")),
    Asked("ba-wg", Operation.FEATURE_GRADIENT, "max", ("grad", "boxes", "input")),
    Asked("ba-wb", Operation.BOX_GRADIENT, "max", ("grad", "boxes", "input")),
)
_STRIDED = ("within", "low", "high", "wide")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_WHAT = {Operation.FEATURE_GRADIENT: "gradient for the map: ", Operation.BOX_GRADIENT: "gradient for the box: "}


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    pool: str
    number: int
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {"systematic": list(_maxima()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _maxima() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        few = "one" if n % 2 and placement.name not in _ENDS_OUTSIDE else "many"
        for pool in ("few", few, "ten" if n % 3 else "odd"):
            yield Blueprint(f"ba-s-{placement.name}-{pool}", placement, pool, n)


def _gradients() -> Iterator[Blueprint]:
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in enumerate(PLACEMENTS)):
        pool = "many" if placement.name in _ENDS_OUTSIDE else _EXACT[n % 3]
        yield Blueprint(f"ba-{name}-{placement.name}", placement, pool, n, operation)
        if n % 2 and placement.name not in (
            "point",
            "line",
            "column",
        ):  # of equal points the first wins, if they are exact
            yield Blueprint(f"ba-{name}-{placement.name}-ten", placement, "ten", n, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name in _STRIDED]
    for each in arrangements(_ASKED):
        spot = placed[each.number % len(placed)]
        yield Blueprint(each.id, spot, "few", 1, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    pool_size = chance.one(_POOLS[blueprint.pool])
    size = chance.one(_SIDE), chance.one(_SIDE)
    images, channels = 1 + blueprint.number % 2, chance.one((1, 2))
    rois = chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois = 2, 3, 3
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, SIDES * size[0], size[1]), range(-8, 9)),
        "boxes": [spot.row(chance, size, images - 1 - k % images) for k, spot in enumerate(spots)],
        "pool_size": pool_size,
        "mode": "max",
    }
    if blueprint.operation != Operation.FORWARD:
        arguments["grad"] = integers(chance, (len(spots), channels, SIDES), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments)


def _described(blueprint: Blueprint, arguments: dict[str, Any]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    is_gradient = blueprint.operation != Operation.FORWARD
    what = _WHAT.get(blueprint.operation, "") + lying(blueprint.arranged)
    parts = arguments["pool_size"]
    title = f"{what}{blueprint.placement.title}; {parts} part{'s' if parts > 1 else ''} of a side."
    rules = {*rules_of(arguments, blueprint.operation), *blueprint.placement.rules}
    rules |= {"BA-12"} if blueprint.arranged else set()
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
