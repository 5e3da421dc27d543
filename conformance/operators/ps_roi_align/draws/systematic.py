"""The systematic golden cases of PSRoIAlign: those of RoIAlign's averages, on maps with channels for each bin."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.ps_roi_align import DIALECTS
from ....memory import Asked, alike, arrangements
from ....operation import Operation
from ....operator import rule_number
from ...roi_align.draws import systematic
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import SAMPLINGS, Blueprint, integers
from ..claims import rules_of
from ..oracle.answers import PsRoiAlignOracle
from ..selection import of_roi_align

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.ps_roi_align import Dialect

_ASKED = (
    Asked("pa-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("pa-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("pa-wb", Operation.BOX_GRADIENT, "avg", ("grad", "boxes", "input")),
)
_SMOOTH = ("inside", "top", "left", "bottom", "right", "beyond-top", "around", "sub-pixel", "thin", "inverted")
"""Where a box can lie so that its gradient is a derivative."""
_RELATED = ("inside", "corner", "beyond-left", "sub-pixel")
_MOST_CHANNELS = 8  # of the maps of a call: the oracle takes all of them through all bins
_ARRANGED = 1  # channel of the output where strides of every axis are to matter: the maps have one for each bin
_RELATION = "box-differences"  # all others hold channel by channel, and an output has not those of the maps


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {"systematic": list(_averages()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _averages() -> Iterator[Blueprint]:
    for placement, sampling in product(PLACEMENTS, ("one", "two", "adaptive")):
        yield Blueprint(f"pa-s-{placement.name}-{sampling}", placement, sampling, "avg", 1)
    for n, sampling in enumerate(("four", "mixed", "half-adaptive")):
        for placement in PLACEMENTS[n::5]:
            yield Blueprint(f"pa-s-{placement.name}-{sampling}", placement, sampling, "avg", 2)


def _gradients() -> Iterator[Blueprint]:
    samplings = list(SAMPLINGS)
    for n, placement in enumerate(PLACEMENTS):
        for sampling in (samplings[n % 4], "adaptive"):
            name = f"pa-g-{placement.name}-{sampling}"
            yield Blueprint(name, placement, sampling, "avg", n, Operation.FEATURE_GRADIENT)
    placed = {placement.name: placement for placement in PLACEMENTS}
    for n, name in enumerate(_SMOOTH):
        sampling = ("one", "two", "adaptive")[n % 3] if name != "inverted" else "two"
        yield Blueprint(f"pa-b-{name}", placed[name], sampling, "avg", n, Operation.BOX_GRADIENT)
    for n, name in enumerate(_RELATED):
        id_ = f"pa-p-{_RELATION}-{name}"
        yield Blueprint(id_, placed[name], samplings[n % 3], "avg", n, Operation.BOX_GRADIENT, _RELATION)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name not in ("outside", "empty", "inverted", "huge")]
    for each in arrangements(_ASKED):
        spots = placed[:1] if each.operation == Operation.BOX_GRADIENT else placed
        spot = spots[each.number % len(spots)]
        yield Blueprint(each.id, spot, "two", each.mode, 1, each.operation, arranged=each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    case = systematic.draw(blueprint, attempt)
    arguments = case["arguments"]
    images, channels, *size = arguments["input"]["shape"]
    if blueprint.arranged:
        channels = _ARRANGED
        if "grad" in arguments:
            arguments["grad"] = fewer_channels(arguments["grad"], channels)
    shape = images, channels * math.prod(arguments["output_size"]), *size
    chance = Draw("roikit", f"{blueprint.id} channels", attempt)
    arguments["input"] = integers(chance, shape, range(-8, 9))
    alike(arguments, blueprint.arranged)
    rules = rules_of(arguments, blueprint.operation) + (["PA-7"] if blueprint.arranged else [])
    case["rules"] = sorted(rules, key=rule_number)
    return case


def fewer_channels(grad: Mapping[str, Any], channels: int) -> dict[str, Any]:
    """What arrives at the first channels alone."""
    rois, before, rows, columns = grad["shape"]
    kept = [row for n, row in enumerate(grad["rows"]) if n // rows % before < channels]
    return {"shape": [rois, channels, rows, columns], "rows": kept}


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether a case is exact and fair, and tells something, under these dialects."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    if "arranged" not in case and arguments["input"]["shape"][1] > _MOST_CHANNELS:
        return False
    orders = {dialect.channels for dialect in dialects}
    rules = list({dialect.sampling for dialect in DIALECTS.values()})
    if not all(
        systematic.suits({**case, "arguments": of_roi_align(arguments, operation, order)}, rules) for order in orders
    ):
        return False
    outputs = (PsRoiAlignOracle().values(arguments, operation, dialect) for dialect in dialects)
    return all(len(set(values.flat)) > 1 or values.size == 1 for values in outputs)
