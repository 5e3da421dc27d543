"""The systematic cases: every placement of a box in both modes, with several sizes of crops, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is one answer under every
main dialect, which neither zeros nor another constant passes for. No case is ever drawn from what an implementation returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ....arrays import leaves
from ....draw import Draw
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....placing import integers, number
from ....systematic import as_case, named, tells
from ..claims import claims
from ..oracle.answers import answers_in
from .placements import COMPANY, ON_GRID, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.crop_and_resize import Dialect
    from ....placing import Placement

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 3), (2, 1), (3, 3)),
    "wide": ((5, 3), (3, 5), (2, 9), (4, 3), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": (3, 5, 5, 6, 7, 9), "wide": (5, 7, 9, 8), "seven": (7, 9, 13)}
_ON_GRID = (5, 9)
_SEVENS = ("inside", "whole", "top", "right", "around", "flipped")
_OUTSIDE = (0, -1, 2.5, 7)
_ASKED = (
    Asked("cr-w", Operation.FORWARD, "bilinear", ("input", "boxes")),
    Asked("cr-wg", Operation.FEATURE_GRADIENT, "bilinear", ("grad", "boxes")),
    Asked("cr-wb", Operation.BOX_GRADIENT, "bilinear", ("input", "grad", "boxes")),
)
_STRIDED = ("inside", "whole", "top", "left", "bottom", "right", "corner", "flipped")
_ON_PIXELS = ("whole", "corner")  # where slopes may be 0
_LETTERS = {"bilinear": "b", "nearest": "n"}


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    output: str
    number: int
    mode: str
    operation: Operation = Operation.FORWARD
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(_outputs("bilinear")),
        "nearest": list(_outputs("nearest")),
        "gradient": list(_gradients(Operation.FEATURE_GRADIENT, "g")),
        "box-gradient": list(_gradients(Operation.BOX_GRADIENT, "x")),
        "memory": list(_arrangements()),
    }


def _outputs(mode: str) -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        for output in _OUTPUTS:
            if output != "seven" or placement.name in _SEVENS:
                yield Blueprint(f"cr-{_LETTERS[mode]}-{placement.name}-{output}", placement, output, n, mode)


def _gradients(operation: Operation, letter: str) -> Iterator[Blueprint]:
    for mode, (n, placement) in ((mode, each) for mode in _LETTERS for each in enumerate(PLACEMENTS)):
        if operation == Operation.BOX_GRADIENT and (placement.name in COMPANY or (mode == "nearest" and n % 3)):
            continue
        output = ("small", "wide")[n % 2]
        yield Blueprint(f"cr-{letter}{_LETTERS[mode]}-{placement.name}", placement, output, n, mode, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = named(PLACEMENTS, _STRIDED)
    sloped = [placement for placement in placed if placement.name not in _ON_PIXELS]
    for each in arrangements(_ASKED):
        spots = sloped if each.operation == Operation.BOX_GRADIENT else placed
        spot = spots[each.number % len(spots)]
        yield Blueprint(each.id, spot, "small", 1, each.mode, each.operation, each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    size = chance.one(_OUTPUTS[blueprint.output])
    sides = _ON_GRID if blueprint.placement.name in ON_GRID else _SIDES[blueprint.output]
    pixels = chance.one(sides), chance.one(sides)
    images, channels, boxes = 1 + blueprint.number % 2, chance.one((1, 2)), chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, boxes, size, pixels = 2, 3, 3, chance.one(((2, 3), (3, 2))), chance.one(((5, 9), (9, 5)))
    spots = [blueprint.placement] * boxes + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *pixels), range(-8, 9)),
        "boxes": [[images - 1 - k % images, *_corners(chance, spot, pixels, size)] for k, spot in enumerate(spots)],
        "output_size": list(size),
        "mode": blueprint.mode,
        "extrapolation_value": chance.one(_OUTSIDE),
    }
    if blueprint.operation != Operation.FORWARD:
        arguments["grad"] = integers(chance, (len(spots), channels, *size), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments)


def _corners(chance: Draw, spot: Placement, pixels: Sequence[int], size: Sequence[int]) -> list[int | float]:
    """The corners y1, x1, y2, x2 of a box that lies so."""
    (y1, y2), (x1, x2) = spot.y(chance, pixels[0], size[0]), spot.x(chance, pixels[1], size[1])
    return [number(v) for v in (y1, x1, y2, x2)]


def _described(blueprint: Blueprint, arguments: dict[str, Any]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    rows, columns = arguments["output_size"]
    asked = {Operation.FEATURE_GRADIENT: "gradient for the image: ", Operation.BOX_GRADIENT: "gradient for the box: "}
    how = "; nearest" if blueprint.mode == "nearest" else ""
    what = asked.get(blueprint.operation, "") + lying(blueprint.arranged)
    title = f"{what}{blueprint.placement.title}; {rows} × {columns} points{how}."
    rules = {"CR-1", "CR-2", "CR-4" if blueprint.mode == "bilinear" else "CR-5"}
    rules |= {rule for rule in blueprint.placement.rules if rule not in ("CR-4", "CR-5")}
    rules |= {Operation.FEATURE_GRADIENT: {"CR-7"}, Operation.BOX_GRADIENT: {"CR-8"}}.get(blueprint.operation, set())
    rules |= {"CR-12"} if blueprint.arranged else set()
    return as_case(blueprint, arguments, claims(arguments, blueprint.operation), title, rules)


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has one answer under these dialects, which under one of them at least tells something; or under all.

    Unless arrays lie in memory in some way, a gradient for boxes may be 0 throughout where nearest has no slope, or points are
    on pixels.
    """
    operation, telling = Operation(case.get("operation", Operation.FORWARD)), []
    for dialect in dialects:
        found = [answers_in(case["arguments"], operation, dialect, dtype) for dtype in ("float32", "float64")]
        if any(len(each) != 1 or _is_open(each[0].bound) for each in found):
            return False
        telling.append(tells(found[0][0].output))
    may_be_zero = operation == Operation.BOX_GRADIENT and "arranged" not in case
    return any(telling) if may_be_zero else all(telling)


def _is_open(bound: Any) -> bool:
    return bound is not None and None in leaves(bound)
