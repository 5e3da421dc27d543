"""The systematic cases: every placement of a box, with several numbers of points, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, with or without bounds, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....draw import Draw
from ....memory import Asked, alike
from ....operation import Operation
from ....placing import integers
from ....systematic import Blueprint, described, named, of_memory
from ....systematic import suits as suits_oracle
from ..call import SIDES
from ..claims import claims, rules_of
from ..oracle.face import ORACLE
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.border_align import Dialect

_POOLS = {"one": (1,), "few": (2, 4), "many": (8, 16), "ten": (10,), "odd": (3, 5, 7)}
"""Into how many parts a side is divided."""
_EXACT = ("one", "few", "many")
_ENDS_OUTSIDE = ("wide", "tall")  # so that there must be points between them
_ALIKE = ("point", "line", "column")  # whose points are equal: the first wins, if they are exact
_SIDE = range(6, 10)
_ASKED = (
    Asked("ba-w", Operation.FORWARD, "max", ("input", "boxes")),
    Asked("ba-wg", Operation.FEATURE_GRADIENT, "max", ("grad", "boxes", "input")),
    Asked("ba-wb", Operation.BOX_GRADIENT, "max", ("grad", "boxes", "input")),
)
_STRIDED = ("within", "low", "high", "wide")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(_maxima()),
        "gradient": list(_gradients()),
        "memory": list(of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "few")),
    }


def _maxima() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        few = "one" if n % 2 and placement.name not in _ENDS_OUTSIDE else "many"
        for pool in ("few", few, "ten" if n % 3 else "odd"):
            yield Blueprint(f"ba-s-{placement.name}-{pool}", placement, pool, n)


def _gradients() -> Iterator[Blueprint]:
    for (name, operation), (n, placement) in ((of, at) for of in _GRADIENTS.items() for at in enumerate(PLACEMENTS)):
        pool = "many" if placement.name in _ENDS_OUTSIDE else _EXACT[n % 3]
        yield Blueprint(f"ba-{name}-{placement.name}", placement, pool, n, operation)
        if n % 2 and placement.name not in _ALIKE:
            yield Blueprint(f"ba-{name}-{placement.name}-ten", placement, "ten", n, operation)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    pool_size = chance.one(_POOLS[blueprint.output])
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
    if blueprint.is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, SIDES), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments)


def _described(blueprint: Blueprint, arguments: dict[str, Any]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    parts = arguments["pool_size"]
    about, rules = f"{parts} part{'s' if parts > 1 else ''} of a side", rules_of(arguments, blueprint.operation)
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "BA-12")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    return suits_oracle(case, dialects, ORACLE)
