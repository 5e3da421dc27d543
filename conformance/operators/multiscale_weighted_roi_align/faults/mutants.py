"""Faults to inject into the oracle, one at a time: those of poolers, of weighted RoIAlign, and of the weights of a level."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import LevelRule, NoLevel
from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from .....kernels.dialects.weighted_roi_align import MEANS
from ....operation import Operation
from ...multiscale_roi_align.faults import mutants as of_poolers
from ...roi_align.faults.borrowed import Borrowed
from ...weighted_roi_align.faults import mutants as of_weighted
from . import pooling
from .pooling import WeightedPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect
    from ....exact.numbers import Array
    from ...multiscale_roi_align.faults.pooling import Plan

    Arguments = Mapping[str, Any]

_SAMPLED_BY = (LevelRule.TORCHVISION, LevelRule.MMDETECTION, LevelRule.AXLEARN)
"""Rules for levels by which faults of weighted RoIAlign are looked for: all ways to sample are among their dialects."""

_WHERE = {
    Operation.FORWARD: "",
    Operation.FEATURE_GRADIENT: "backward: ",
    Operation.WEIGHT_GRADIENT: "for weights: ",
    Operation.BOX_GRADIENT: "for boxes: ",
}


@dataclass(frozen=True, slots=True)
class Levelled(of_poolers.Mutant):
    """A fault of levels, of averages, as all modes have the same."""

    plans: type[Plan] = WeightedPlan

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show, and is looked for."""
        return mode == "avg" and self.applies(dialect)


@dataclass(frozen=True, slots=True)
class Weighed(Borrowed):
    """A fault of weighted RoIAlign, on the map of each level."""

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        name: str = self.fault.name
        return name

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show, and is looked for."""
        return dialect.level_rule in _SAMPLED_BY and bool(self.fault.concerns(dialect.sampling, mode))

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        plan = WeightedPlan.due(arguments, operation, dialect)
        return plan.carried_out(lambda given: self.fault.returned(given, operation, dialect.sampling, many=many))


_OF_POOLERS = {
    fault.name: Levelled(**{each.name: getattr(fault, each.name) for each in fields(fault) if each.name != "plans"})
    for fault in of_poolers.MUTANTS
    if isinstance(fault, of_poolers.Mutant)
    if fault.name != "scales of an image that was padded"  # scales are given
}


def _choosing_and_reading() -> Iterator[Levelled]:
    """Those of poolers that forward and gradients may have, and of the gradient for weights those of that for maps."""
    yield from _OF_POOLERS.values()
    of_maps = _WHERE[Operation.FEATURE_GRADIENT]
    for fault in _OF_POOLERS.values():
        if fault.operation == Operation.FEATURE_GRADIENT:
            name = _WHERE[Operation.WEIGHT_GRADIENT] + fault.name.removeprefix(of_maps)
            yield replace(fault, name=name, operation=Operation.WEIGHT_GRADIENT)


def _of_weights() -> Iterator[Levelled]:
    """Those of which weights a level, or a RoI, has."""
    wrong = {
        "every level weighed as the first": pooling.weighed_by(lambda _level, _count: 0),
        "every level weighed as the last": pooling.weighed_by(lambda _level, count: count - 1),
        "every level weighed as the next": pooling.weighed_by(lambda level, count: (level + 1) % count),
        "RoIs weighed as the next": pooling.weights_of_next_roi,
        "RoIs numbered within their level": pooling.weights_numbered_within_levels,
    }
    for operation, where in _WHERE.items():
        for name, change in wrong.items():
            yield Levelled(where + name, before=change, operation=operation)
    yield Levelled(
        "what is on no level divided by its weights",
        after=pooling.nowhere_is_not_a_number,
        applies=lambda dialect: dialect.no_level == NoLevel.ZERO,
        equivalent="Where a box of negative area is on the first level anyway.",
    )


_NOT_HERE = (
    "weights of its number for a RoI, where images have them",  # of which there may be more than images
    "one scale for both axes",  # there is one
    "backward: one scale for both axes",
    "for weights: one scale for both axes",
    "scale as a power of two",  # it is one
    "scale as one over a whole stride",
    "scale of three decimals",
    "scale of six decimals",
)


def _is_of_scale(name: str) -> bool:
    """Whether a fault is one of the bits of a scale, which is a power of two here."""
    return name.removeprefix("backward: ").removeprefix("for weights: ").startswith("scale in ")


def _of_weighted() -> Iterator[Weighed]:
    """Faults of weighted RoIAlign that can show under some dialect."""
    for fault in of_weighted.MUTANTS:
        if fault.name in _NOT_HERE or _is_of_scale(fault.name):
            continue
        if any(fault.concerns(rules.sampling, mode) for rules in DIALECTS.values() for mode in ("avg", "max", *MEANS)):
            yield Weighed(fault)


MUTANTS: tuple[Levelled | Weighed, ...] = (*_choosing_and_reading(), *_of_weights(), *_of_weighted())
"""All faults."""
