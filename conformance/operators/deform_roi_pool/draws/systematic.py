"""The systematic cases: every placement of a RoI, with several outputs, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is an answer in float32
and float64 under every main dialect, exact of a gradient, which neither zeros nor another constant passes for. No case is ever
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

    from .....kernels.dialects.deform_roi_pool import Dialect

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(9, 12)}
_SEVENS = ("within", "top", "far", "mirrored")
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1), (4, 4))
_RATIOS = ((2, 2), (1, 1), (0, 0), (2, 2), (4, 4), (1, 2), (0, 2), (2, 1))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_GAMMAS = ("1/4", "1/8", "1/2", "1/4", "1", "-1/4")
_BY_DEFAULT = "0.1"  # of which nothing is exact
_ASKED = (
    Asked("dp-w", Operation.FORWARD, "avg", ("input", "boxes", "offset")),
    Asked("dp-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes", "offset")),
    Asked("dp-wo", Operation.OFFSET_GRADIENT, "avg", ("grad", "input", "boxes", "offset")),
    Asked("dp-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes", "offset")),
)
_STRIDED = ("within", "low", "high", "around")
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "o": Operation.OFFSET_GRADIENT, "b": Operation.BOX_GRADIENT}
_RULE = {
    Operation.FORWARD: "DP-6",
    Operation.FEATURE_GRADIENT: "DP-7",
    Operation.OFFSET_GRADIENT: "DP-8",
    Operation.BOX_GRADIENT: "DP-9",
}


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(of_outputs("dp-s", PLACEMENTS, _OUTPUTS, _SEVENS)),
        "gradient": list(of_gradients("dp", enumerate(PLACEMENTS), _GRADIENTS, ("small", "wide"))),
        "memory": list(of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "small")),
    }


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient, placement = blueprint.is_gradient, blueprint.placement
    bins = chance.one(_POWERS if blueprint.operation == Operation.BOX_GRADIENT else _OUTPUTS[blueprint.output])
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, 1 if blueprint.output == "seven" else chance.one((1, 2))
    scales, ratio, rois = [Fraction(chance.one(_SCALES))] * 2, chance.one(_RATIOS), chance.one((1, 2))
    if blueprint.number % 5 == 4:  # the axes differ
        scales[1] = Fraction(chance.one(_SCALES))
    # Every fourth has a gamma of which positions are rounded.
    inexact = not is_gradient and not blueprint.arranged and blueprint.number % 4 == 1
    gamma = Fraction(_BY_DEFAULT) if inexact else Fraction(chance.one(_GAMMAS))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins, ratio = 2, 3, 3, chance.one(((2, 4), (4, 2))), chance.one(_RATIOS[:2])
    spots = [placement] * rois + [PLACEMENTS[0]] * (placement.name in COMPANY)
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels, *size), range(-8, 9)),
        "boxes": [spot.row(chance, images - 1 - k % images, size, bins, scales) for k, spot in enumerate(spots)],
        "offset": placement.offsets(chance, (len(spots), 2, *bins)),
        "output_size": list(bins),
        "spatial_scale": list(map(number, scales)),
        "sampling_ratio": list(ratio),
        "gamma": number(gamma),
        "mode": "avg",
    }
    if is_gradient:
        arguments["grad"] = integers(chance, (len(spots), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scales)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scales: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins = arguments["output_size"]
    scaled = " × ".join(map(str, dict.fromkeys(scales)))
    about = f"{bins[0]} × {bins[1]} bins, {grid(arguments['sampling_ratio'])} samples"
    about += (f", scale {scaled}" if scaled != "1" else "") + f", gamma {arguments['gamma']}"
    rules = ("DP-1", "DP-2", "DP-3", _RULE[blueprint.operation])
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "DP-13")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects."""
    return suits_oracle(case, dialects, ORACLE)
