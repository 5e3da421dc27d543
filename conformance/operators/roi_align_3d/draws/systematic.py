"""The systematic cases: every placement of a RoI, with several ways of sampling, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, exact of a gradient, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....memory import Asked, alike
from ....operation import Operation
from ....placing import integers, number
from ....systematic import Blueprint, described, grid, named, of_gradients, of_memory, of_outputs
from ....systematic import suits as suits_oracle
from ...roi_align.draws.placements import Draw
from ..claims import claims
from ..oracle.face import ORACLE
from .placements import PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align_3d import Dialect

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
_RULE = {Operation.FORWARD: "RV-8", Operation.FEATURE_GRADIENT: "RV-9", Operation.BOX_GRADIENT: "RV-10"}


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {"systematic": list(_averages()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _averages() -> Iterator[Blueprint]:
    return of_outputs("rv-s", PLACEMENTS, _SAMPLINGS)


def _gradients() -> Iterator[Blueprint]:
    placed = list(enumerate(PLACEMENTS))
    small = [each for each in placed if each[1].name != "huge"]
    yield from of_gradients("rv", placed, {"g": Operation.FEATURE_GRADIENT}, list(_SAMPLINGS)[:3])
    yield from of_gradients("rv", small, {"b": Operation.BOX_GRADIENT}, list(_SAMPLINGS)[:3])


def _arrangements() -> Iterator[Blueprint]:
    placed = named(PLACEMENTS, ("inside", "front", "corner", "around"))
    return of_memory(_ASKED, placed, "two", of_boxes=placed[:1])


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient, placement = blueprint.is_gradient, blueprint.placement
    bins = chance.one(_POWERS if is_gradient else _OUTPUTS)
    sides = _SHORT if blueprint.arranged else _SIDES
    size = tuple(chance.one(sides) for _ in range(3))
    images, channels, rois = 1 + blueprint.number % 2, chance.one((1, 2)), chance.one((1, 2))
    scales = [Fraction(chance.one(_SCALES))] * 3
    if blueprint.number % 3 == 2:  # the axes differ
        scales = [Fraction(chance.one(_SCALES)) for _ in range(3)]
    ratios = chance.one(_SAMPLINGS[blueprint.output])
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
    bins = arguments["output_size"]
    scaled = " × ".join(map(str, scales if len(set(scales)) > 1 else scales[:1]))
    about = f"{bins[0]} × {bins[1]} × {bins[2]} bins, {grid(arguments['sampling_ratio'])} samples"
    about += f", scale {scaled}" if scaled != "1" else ""
    rules = ("RV-1", "RV-2", "RV-4", "RV-5", "RV-7", _RULE[blueprint.operation])
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "RV-13")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    return suits_oracle(case, dialects, ORACLE)
