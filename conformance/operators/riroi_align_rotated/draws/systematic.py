"""The systematic cases: every placement of a RoI, with several outputs and numbers of orientations, and their gradients; memory.

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

    from .....kernels.dialects.riroi_align_rotated import Dialect

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
_RULE = {Operation.FORWARD: "RI-4", Operation.FEATURE_GRADIENT: "RI-5", Operation.BOX_GRADIENT: "RI-6"}


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(of_outputs("ri-s", PLACEMENTS, _OUTPUTS, _SEVENS)),
        "gradient": list(of_gradients("ri", enumerate(PLACEMENTS), _GRADIENTS, ("small", "wide"))),
        "memory": list(of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "small")),
    }


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
    if blueprint.is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Fraction) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins, scales = arguments["output_size"], "" if scale == 1 else f", scale {scale}"
    orientations = arguments["num_orientations"]
    of = f"{orientations} orientations" if orientations > 1 else "one orientation"
    about = f"{of}, {bins[0]} × {bins[1]} bins, {grid(arguments['sampling_ratio'])} samples{scales}"
    rules = ("RI-1", "RI-2", "RI-3", _RULE[blueprint.operation])
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "RI-11")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    return suits_oracle(case, dialects, ORACLE)
