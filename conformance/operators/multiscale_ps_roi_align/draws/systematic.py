"""The systematic golden cases of PSRoIAlign on pyramids: those of poolers, on maps with channels for each bin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ....memory import alike
from ....operation import Operation
from ....operator import rule_number
from ...multiscale_roi_align.draws import systematic
from ...ps_roi_align.draws.systematic import fewer_channels
from ...ps_roi_align.selection import of_roi_align
from ...roi_align.draws.placements import Draw
from ...roi_align.draws.systematic import integers
from ..claims import rules_of
from ..oracle.answers import PsPyramidOracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_ps_roi_align import Dialect
    from ...roi_align.draws.systematic import Blueprint

_MOST_CHANNELS = 8  # of the maps of a call: the oracle takes all of them through all bins
_ARRANGED = 1  # channel of the output where strides of every axis are to matter: the maps have one for each bin
_RELATION = "box-differences"  # all others hold channel by channel, and an output has not those of the maps
_RULES = {"MS-5": "MP-4", "MS-6": "MP-5"}
"""Of boxes without a size, or of no size, as rules of poolers."""


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {file: list(_ours(planned)) for file, planned in systematic.blueprints().items()}


def _ours(planned: list[Blueprint]) -> Iterator[Blueprint]:
    """Those of poolers, by our names."""
    for blueprint in planned:
        if blueprint.relation in ("", _RELATION):
            yield blueprint._replace(id=f"mp{blueprint.id.removeprefix('ms')}")


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
    rules = rules_of(arguments, blueprint.operation) + (["MP-9"] if blueprint.arranged else [])
    rules += [_RULES[rule] for rule in case["rules"] if rule in _RULES]
    case["rules"] = sorted(set(rules), key=rule_number)
    return case


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether a case is exact and fair, and tells something, under these dialects."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    if "arranged" not in case and arguments["input"]["shape"][1] > _MOST_CHANNELS:
        return False
    for order in {dialect.channels for dialect in dialects}:
        rules = [dialect for dialect in dialects if dialect.channels == order]
        if not systematic.suits({**case, "arguments": of_roi_align(arguments, operation, order)}, [*rules]):
            return False
    outputs = (PsPyramidOracle().values(arguments, operation, dialect) for dialect in dialects)
    return all(len(set(values.flat)) > 1 or values.size == 1 for values in outputs)
