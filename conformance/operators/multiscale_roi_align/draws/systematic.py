"""The systematic golden cases of poolers: RoIAlign's placements, each on the map of a level, boxes of other levels beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import DIALECTS
from ....memory import Asked, alike, arrangements
from ....operation import Operation
from ....operator import rule_number
from ...roi_align.draws import systematic
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import SAMPLINGS, Blueprint, integers
from ...roi_align.oracle.certificate import fairness
from ...roi_align.oracle.gradient import BoxGradient
from ...roi_align.oracle.gradient_certificate import gradient
from ..claims import rules_of
from ..oracle.answers import MultiscaleRoiAlignOracle, exactly
from ..oracle.assembling import parts
from .pyramids import Setting, placed, scaled, size_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_roi_align import Dialect

_ASKED = (
    Asked("ms-w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("ms-wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("ms-wb", Operation.BOX_GRADIENT, "avg", ("grad", "boxes", "input")),
)
_SMOOTH = ("inside", "top", "left", "bottom", "right", "sub-pixel", "inverted")
"""Where a box can lie so that its gradient is a derivative."""
_RELATED = (
    ("adjoint", "inside"),
    ("conserved", "corner"),
    ("differences", "beyond-left"),
    ("box-differences", "inside"),
)
_SAMPLINGS = ("one", "two", "adaptive")
_APART = ("inverted-x", "inverted-y", "zero-area", "zero-width", "zero-height")  # what is on no level, or on the first
_RATIOS = (1.1, 1.25, 1.7)
_ALL = ("-sliced", "-reversed")  # ways of the first array, while the others lie in other ways


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {"systematic": list(_averages()), "gradient": list(_gradients()), "memory": list(_arrangements())}


def _averages() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        sampling = _SAMPLINGS[n % 3]
        yield Blueprint(f"ms-s-{placement.name}-{sampling}", placement, sampling, "avg", n)
    for n, placement in enumerate(PLACEMENTS[::7]):
        yield Blueprint(f"ms-s-{placement.name}-mixed", placement, "mixed", "avg", n)


def _gradients() -> Iterator[Blueprint]:
    samplings = list(SAMPLINGS)
    for n, placement in enumerate(PLACEMENTS[::2]):
        sampling = samplings[n % 6]
        yield Blueprint(f"ms-g-{placement.name}-{sampling}", placement, sampling, "avg", n, Operation.FEATURE_GRADIENT)
    placed_ = {placement.name: placement for placement in PLACEMENTS}
    for n, name in enumerate(_SMOOTH):
        sampling = _SAMPLINGS[n % 3] if name != "inverted" else "two"
        yield Blueprint(f"ms-b-{name}", placed_[name], sampling, "avg", n, Operation.BOX_GRADIENT)
    for n, (relation, name) in enumerate(_RELATED):
        operation = Operation.BOX_GRADIENT if relation.startswith("box") else Operation.FEATURE_GRADIENT
        yield Blueprint(f"ms-p-{relation}-{name}", placed_[name], samplings[n % 3], "avg", n, operation, relation)


def _arrangements() -> Iterator[Blueprint]:
    spots = [
        placement for placement in PLACEMENTS if placement.name not in ("outside", "empty", "inverted", "huge", *_APART)
    ]
    for each in arrangements(_ASKED):
        if "-all-" in each.id and not each.id.endswith(_ALL):
            continue
        there = spots[:1] if each.operation == Operation.BOX_GRADIENT else spots
        spot = there[each.number % len(there)]
        yield Blueprint(each.id, spot, "two", each.mode, 1, each.operation, arranged=each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    case = systematic.draw(blueprint, attempt)
    chance = Draw("roikit", f"{blueprint.id} pyramid", attempt)
    arguments = case["arguments"]
    count = 2 if blueprint.operation != Operation.FORWARD or blueprint.arranged else 3
    level = 0 if blueprint.placement.name in _APART[2:] else blueprint.variant % count
    setting = Setting(level, count, chance.one((-1, 0, 1, 2)), chance.one(_RATIOS))
    first = arguments["boxes"][0]
    beside = [scaled(first, 2.0 ** (n - level)) for n in range(count) if n != level]
    if not blueprint.relation and not (blueprint.arranged and blueprint.operation == Operation.BOX_GRADIENT):
        arguments["boxes"] += beside[: 1 if blueprint.operation != Operation.FORWARD else None]
    arguments = placed(arguments, setting, size_of(first))
    images, channels, *_ = arguments["input"]["shape"]
    arguments["input"] = integers(chance, (images, channels, *whole_of(arguments["level_sizes"])), range(-8, 9))
    if "grad" in arguments:
        shape = (len(arguments["boxes"]), channels, *arguments["output_size"])
        arguments["grad"] = integers(chance, shape, range(-4, 5))
    if blueprint.relation == "differences":
        arguments["step"] = integers(chance, tuple(arguments["input"]["shape"]), (0, 0, 1))
    alike(arguments, blueprint.arranged)
    rules = rules_of(arguments, blueprint.operation) + (["MS-10"] if blueprint.arranged else [])
    rules += ["MS-6"] if blueprint.placement.name in _APART[:2] else []
    rules += ["MS-5"] if blueprint.placement.name in _APART[2:] else []
    case.pop("memory", None)
    return {
        **case,
        "title": f"{case['title'].removesuffix('.')}, on level {level + 1} of {count}.",
        "rules": sorted(set(rules), key=rule_number),
        "arguments": arguments,
    }


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether a case is exact and fair, and tells something, under these dialects."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    oracle = MultiscaleRoiAlignOracle()
    if not ((_uses_levels(arguments) or "arranged" in case or "steps" in case) and _is_fair(arguments, operation)):
        return False
    for dialect in dialects:
        if not {"float32", "float64"} <= set(oracle.exact_dtypes(arguments, operation, dialect)):
            return False
        values = oracle.values(arguments, operation, dialect)
        if not any(values.flat) or (len(set(values.flat)) < 2 and values.size > 1):
            return False
    return True


def _is_fair(arguments: Mapping[str, Any], operation: Operation) -> bool:
    """Whether rounding decides nothing under any dialect, and no gradient for a box is on a kink."""
    ways = {(dialect.sampling, exactly(arguments, dialect)) for dialect in DIALECTS.values()}
    for sampling, levels in ways:
        for part in parts(arguments, levels):
            if operation == Operation.FORWARD and fairness(part.arguments, sampling):
                return False
            if operation == Operation.BOX_GRADIENT:
                exact = gradient(part.arguments, operation, sampling)
                assert isinstance(exact, BoxGradient)
                if any(exact.kink):
                    return False
    return True


def _uses_levels(arguments: Mapping[str, Any]) -> bool:
    """Whether boxes, if there are several, are on several levels."""
    levels = exactly(arguments, DIALECTS["torchvision"])
    return len(levels) < 2 or len(set(levels)) > 1
