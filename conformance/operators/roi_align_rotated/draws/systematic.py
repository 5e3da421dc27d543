"""The systematic cases: every placement of a RoI, with several outputs, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, with or without bounds, which neither zeros nor another constant passes for. No case is ever
drawn from what an implementation returns.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....draw import Draw
from ....memory import Asked, alike
from ....operation import Operation
from ....placing import integers, number
from ....systematic import Blueprint, described, grid, named, of_gradients, of_memory, of_outputs
from ....systematic import suits as suits_oracle
from ..claims import claims
from ..oracle.face import ORACLE
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.roi_align_rotated import Dialect

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(9, 12)}
_SEVENS = ("quarters", "free", "free-top", "around-free")
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1), (4, 4))
_RATIOS = ((2, 2), (1, 1), (0, 0), (2, 2), (4, 4), (1, 2), (0, 2), (2, 1))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_ASKED = (
    Asked("rr-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("rr-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("rr-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes")),
)
_STRIDED = ("upright", "upright-low", "upright-high", "around")  # the same in every unit of angles
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_RULE = {Operation.FORWARD: "RR-10", Operation.FEATURE_GRADIENT: "RR-11", Operation.BOX_GRADIENT: "RR-12"}


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(of_outputs("rr-s", PLACEMENTS, _OUTPUTS, _SEVENS)),
        "gradient": list(of_gradients("rr", enumerate(PLACEMENTS), _GRADIENTS, ("small", "wide"))),
        "memory": list(of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "small")),
    }


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    outputs = _POWERS if blueprint.operation == Operation.BOX_GRADIENT else _OUTPUTS[blueprint.output]
    bins = chance.one(outputs)
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, 1 if blueprint.output == "seven" else chance.one((1, 2))
    scale, ratio, rois = Fraction(chance.one(_SCALES)), chance.one(_RATIOS), chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins, ratio = 2, 3, 3, chance.one(((2, 4), (4, 2))), chance.one(_RATIOS[:2])
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": [spot.spot(chance, size, bins).row(images - 1 - k % images, scale) for k, spot in enumerate(spots)],
        "output_size": list(bins),
        "spatial_scale": [number(scale)] * 2,
        "sampling_ratio": list(ratio),
        "mode": "avg",
    }
    if blueprint.is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Fraction) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, scales = arguments["output_size"], "" if scale == 1 else f", scale {scale}"
    about = f"{bins[0]} × {bins[1]} bins, {grid(arguments['sampling_ratio'])} samples{scales}"
    rules = ("RR-1", "RR-2", "RR-6", "RR-7", _RULE[blueprint.operation])
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "RR-16")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    return suits_oracle(case, dialects, ORACLE)
