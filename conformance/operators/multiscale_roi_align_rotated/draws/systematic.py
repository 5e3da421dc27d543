"""The systematic golden cases of poolers of rotated boxes: rotated RoIAlign's placements, each on the map of a level.

Boxes of other levels lie beside it. What rotated RoIAlign is asked in its own cases is not asked again: one output is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from ....draw import Draw
from ....memory import Asked, alike
from ....operation import Operation
from ....operator import rule_number
from ....placing import integers
from ....systematic import Blueprint, named, of_gradients, of_memory, of_outputs
from ....systematic import suits as suits_oracle
from ...multiscale_roi_align.draws.pyramids import Setting, placed, whole_of
from ...roi_align_rotated.draws import systematic as of_rotated
from ...roi_align_rotated.draws.placements import PLACEMENTS
from ..claims import MAIN_DIALECTS, claims, rules_of
from ..oracle.answers import ORACLE
from ..oracle.levels import exactly
from .turned import scaled, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect

_ASKED = (
    Asked("mr-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("mr-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("mr-wb", Operation.BOX_GRADIENT, "avg", ("grad", "input", "boxes")),
)
_STRIDED = ("upright", "upright-low", "upright-high", "around")  # the same in every unit of angles
_GRADIENTS = {"g": Operation.FEATURE_GRADIENT, "b": Operation.BOX_GRADIENT}
_APART = {"point": "MR-4", "mirrored": "MR-5"}
"""What is on no level, or on the first, and the rules that say so."""
_RATIOS = (1.1, 1.25, 1.7)
_ALL = ("-sliced", "-reversed")  # ways of the first array, while the others lie in other ways


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the group that they belong to."""
    memory = of_memory(_ASKED, named(PLACEMENTS, _STRIDED), "small")
    return {
        "systematic": list(of_outputs("mr-s", PLACEMENTS, ("small",))),
        "gradient": list(of_gradients("mr", enumerate(PLACEMENTS[::2]), _GRADIENTS, ("small",))),
        "memory": [each for each in memory if "-all-" not in each.id or each.id.endswith(_ALL)],
    }


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    case = of_rotated.draw(blueprint, attempt)
    chance = Draw("roikit", f"{blueprint.id} pyramid", attempt)
    arguments, name = case["arguments"], blueprint.placement.name
    count = 2 if blueprint.is_gradient or blueprint.arranged else 3
    level = 0 if name in _APART else blueprint.number % count
    setting = Setting(level, count, chance.one((-1, 0, 1, 2)), chance.one(_RATIOS))
    first = arguments["boxes"][0]
    beside = [scaled(first, 2.0 ** (n - level)) for n in range(count) if n != level]
    arguments["boxes"] += beside[: 1 if blueprint.is_gradient or blueprint.arranged else None]
    arguments = placed(arguments, setting, size_of(first))
    images, channels, *_ = arguments["input"]["shape"]
    arguments["input"] = integers(chance, (images, channels, *whole_of(arguments["level_sizes"])), range(-8, 9))
    if "grad" in arguments:
        shape = (len(arguments["boxes"]), channels, *arguments["output_size"])
        arguments["grad"] = integers(chance, shape, range(-4, 5))
    alike(arguments, blueprint.arranged)
    rules = {*rules_of(arguments, blueprint.operation), *([_APART[name]] if name in _APART else [])}
    rules |= {"MR-9"} if blueprint.arranged else set()
    return {
        **case,
        "title": f"{case['title'].removesuffix('.')}, on level {level + 1} of {count}.",
        "rules": sorted(rules, key=rule_number),
        "claims": claims(arguments, blueprint.operation),
        "arguments": arguments,
    }


def suits(case: Mapping[str, Any], dialects: Sequence[Dialect]) -> bool:
    """Whether a case has an answer, which tells something, under these dialects, and boxes are on several levels."""
    uses_levels = "arranged" in case or "steps" in case or _uses_levels(case["arguments"])
    return uses_levels and suits_oracle(case, dialects, ORACLE)  # type: ignore[arg-type]  # it is asked for answers only


def _uses_levels(arguments: Mapping[str, Any]) -> bool:
    """Whether boxes, if there are several, are on several levels, by the first of the main dialects."""
    levels = exactly(arguments, DIALECTS[MAIN_DIALECTS[0]])
    return len(levels) < 2 or len(set(levels)) > 1
