"""The systematic cases: every placement of a RoI, with several outputs, and their gradients; memory.

A case is drawn by chance, from a sequence that belongs to its id, and drawn anew until it suits: there is one answer under every
main dialect, which neither zeros nor another constant passes for. No case is ever drawn from what an implementation returns.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ....draw import Draw
from ....memory import Asked, alike
from ....operation import Operation
from ....placing import box, integers, number
from ....systematic import Blueprint, described, named, of_gradients, of_memory, of_outputs, scaled, tells
from ..claims import claims
from ..oracle.face import ORACLE
from .placements import COMPANY, PLACEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect

_OUTPUTS = {
    "small": ((1, 1), (2, 2), (3, 2), (1, 4), (2, 1)),
    "wide": ((3, 3), (2, 4), (4, 2), (3, 4)),
    "seven": ((7, 7),),
}
_SIDES = {"small": range(5, 9), "wide": range(7, 11), "seven": range(8, 11)}
_SEVENS = ("inside", "whole", "top", "right", "around", "halves")  # of which a map has 49 channels
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 1))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_ASKED = (
    Asked("pp-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("pp-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
)
_STRIDED = ("inside", "whole", "top", "left", "bottom", "right", "corner", "around")  # whose pixels differ


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    return {
        "systematic": list(of_outputs("pp-s", PLACEMENTS, _OUTPUTS, _SEVENS)),
        "gradient": list(
            of_gradients("pp", enumerate(PLACEMENTS), {"g": Operation.FEATURE_GRADIENT}, ("small", "wide"))
        ),
        "memory": list(of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "small")),
    }


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    bins = chance.one(_POWERS if chance.one((True, False)) else _OUTPUTS[blueprint.output])
    bins = bins if blueprint.output == "small" else chance.one(_OUTPUTS[blueprint.output])
    size = chance.one(_SIDES[blueprint.output]), chance.one(_SIDES[blueprint.output])
    images, channels = 1 + blueprint.number % 2, 1 if blueprint.output == "seven" else chance.one((1, 2))
    scale = [Fraction(chance.one(_SCALES))] * 2
    if blueprint.number % 7 == 6:
        scale[1] = Fraction(chance.one(_SCALES))
    rois = chance.one((1, 2))
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins = 2, 3, 3, chance.one(((2, 4), (4, 2)))
    if blueprint.output == "seven":
        images = 1
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * (blueprint.placement.name in COMPANY)
    boxes = [[images - 1 - k % images, *box(chance, spot, size, bins, scale)] for k, spot in enumerate(spots)]
    arguments: dict[str, Any] = {
        "input": integers(chance, (images, channels * math.prod(bins), *size), range(-8, 9)),
        "boxes": boxes,
        "output_size": list(bins),
        "spatial_scale": [number(s) for s in scale],
        "mode": "avg",
    }
    if blueprint.is_gradient:
        arguments["grad"] = integers(chance, (len(boxes), channels, *bins), range(-4, 5))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: Sequence[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    bins = arguments["output_size"]
    about = f"{bins[0]} × {bins[1]} bins{scaled(scale)}"
    rules = ("PP-1", "PP-2", "PP-4", "PP-5", "PP-7", *(["PP-8"] if blueprint.is_gradient else []))
    return described(blueprint, arguments, claims(arguments, blueprint.operation), about, rules, "PP-12")


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has one answer, which tells something, under these dialects."""
    operation = Operation(case.get("operation", Operation.FORWARD))
    for dialect in dialects:
        found = [ORACLE.answers_in(case["arguments"], operation, dialect, dtype) for dtype in ("float32", "float64")]
        if any(len(each) != 1 for each in found) or not tells(found[0][0].output):
            return False
    return True
