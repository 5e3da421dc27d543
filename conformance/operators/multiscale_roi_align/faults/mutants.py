"""Faults to inject into the oracle, one at a time: wrong levels, wrong maps, wrong order; and RoIAlign's of averages."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import DIALECTS, LevelRule, NoLevel
from ....operation import Operation
from ...roi_align.faults.borrowed import Borrowed, of_averages
from . import choosing, pooling
from .choosing import Steps, adds_one, afterwards, of_each, rounds_down
from .pooling import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ....exact.numbers import Array
    from .choosing import Chooser

    Arguments = Mapping[str, Any]

_WHERE = {Operation.FORWARD: "", Operation.FEATURE_GRADIENT: "backward: ", Operation.BOX_GRADIENT: "for boxes: "}


@dataclass(frozen=True, slots=True)
class Sampled(Borrowed):
    """A fault of RoIAlign, on the map of each level."""

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show, and is looked for: by one rule for levels, since all sample alike."""
        return dialect.level_rule in _SAMPLED_BY and bool(self.fault.concerns(dialect.sampling, mode))

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        plan = Plan.due(arguments, operation, dialect)
        return plan.carried_out(lambda given: self.fault.returned(given, operation, dialect.sampling, many=many))


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault of a pooler.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it.
        levels: Chooses the levels of boxes, if the fault is there.
        before: Changes what a call comes to, if the fault is there.
        after: Changes the result, if the fault is there.
        applies: Whether the fault can show under a dialect.
        equivalent: Why it cannot show elsewhere.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows.
        plans: How calls are planned.
    """

    name: str
    who: str = ""
    levels: Chooser | None = None
    before: Callable[[Any], Any] = lambda plan: plan
    after: Callable[[Array, Any], Array] = lambda values, _: values
    applies: Callable[[Any], bool] = lambda _: True
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"
    plans: type[Plan] = Plan

    def concerns(self, dialect: Any, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode."""
        del mode
        return self.applies(dialect)

    def returned(self, arguments: Arguments, operation: Operation, dialect: Any, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        del many
        plan = self.plans.due(arguments, operation, dialect)
        if self.levels is not None:
            plan = replace(plan, levels=self.levels(arguments, dialect))
        plan = self.before(plan)
        return self.after(plan.carried_out(), plan)


_SAMPLED_BY = (LevelRule.TORCHVISION, LevelRule.DETECTRON2)

_NO_LEVEL = "Where a box of negative area is on the first level anyway."
_FROM_FIRST = (
    "Where levels are counted from the first before they are made whole, what is below 0 is on the first anyway."
)
_A_LEVEL = "Where a box of negative area is on no level anyway."


def _zero(dialect: Dialect) -> bool:
    return dialect.no_level == NoLevel.ZERO


def _first(dialect: Dialect) -> bool:
    return dialect.no_level == NoLevel.FIRST


def _no_upper(level: float, pyramid: Any) -> int | None:
    return int(max(level, 0)) if level < pyramid.maps else None


def _no_lower(level: float, pyramid: Any) -> int | None:
    return int(min(level, pyramid.maps - 1)) if level >= 0 else None


def _wraps(level: float, pyramid: Any) -> int:
    return int(max(level, 0)) % int(pyramid.maps)


def _from_the_end(level: float, pyramid: Any) -> int:
    return int(max(min(level, pyramid.maps - 1), -pyramid.maps)) % int(pyramid.maps)


def _not_from_first(level: float, pyramid: Any) -> int:
    return int(min(max(level + pyramid.first, 0), pyramid.maps - 1))


def _above(steps: int) -> Callable[[Any], Any]:
    return lambda pyramid: pyramid._replace(canonical_level=pyramid.canonical_level + steps)


_CHOOSING: tuple[Mutant, ...] = (
    Mutant("size of the larger side", levels=Steps(size=max)),
    Mutant("size of the smaller side", levels=Steps(size=min)),
    Mutant("size of the width alone", levels=Steps(size=lambda width, _: width)),
    Mutant("size of the height alone", levels=Steps(size=lambda _, height: height)),
    Mutant("size is the mean of the sides", levels=Steps(size=lambda width, height: (width + height) / 2)),
    Mutant("size is the area, not its root", levels=Steps(size=lambda width, height: width * height)),
    Mutant(
        "1 added to each side", "mmdetection before 2.0, maskrcnn-benchmark", levels=Steps(more=1.0),
        applies=lambda dialect: not adds_one(dialect),
    ),
    Mutant("1 not added to each side", levels=Steps(more=0.0), applies=adds_one),
    Mutant("sides in pixels of the first map", levels=choosing.in_first_pixels),
    Mutant("natural logarithm", levels=Steps(logarithm=math.log)),
    Mutant("decimal logarithm", levels=Steps(logarithm=math.log10)),
    Mutant("level rounded to the nearest", levels=Steps(whole=round), applies=rounds_down),
    Mutant("level rounded up", levels=Steps(whole=math.ceil)),
    Mutant("level cut off towards 0", levels=Steps(whole=math.trunc), applies=lambda dialect: dialect.level_rule != LevelRule.MMDETECTION, equivalent=_FROM_FIRST),
    Mutant("canonical level one more", levels=Steps(pyramid=_above(1))),
    Mutant("canonical level one less", levels=Steps(pyramid=_above(-1))),
    Mutant("canonical level 4 whatever is given", levels=Steps(pyramid=lambda pyramid: pyramid._replace(canonical_level=4))),
    Mutant("canonical size 224 whatever is given", levels=Steps(pyramid=lambda pyramid: pyramid._replace(canonical_size=Fraction(224)))),
    Mutant("canonical size taken for that of the first level", levels=Steps(pyramid=lambda pyramid: pyramid._replace(canonical_level=pyramid.first))),
    Mutant("first map taken for level 2", levels=Steps(held=lambda level, pyramid: int(min(max(level + pyramid.first - 2, 0), pyramid.maps - 1)))),
    Mutant("levels not counted from the first map", levels=Steps(held=_not_from_first)),
    Mutant("above the last level is none", levels=Steps(held=_no_upper)),
    Mutant("below the first level is none", levels=Steps(held=_no_lower)),
    Mutant("above the last level begins again", levels=Steps(held=_wraps)),
    Mutant("below the first level counts from the end", "Python's indexing", levels=Steps(held=_from_the_end)),
    Mutant("last level never chosen", levels=of_each(lambda level, count: min(level, max(count - 2, 0)))),
    Mutant("first level never chosen", levels=of_each(lambda level, count: max(level, min(1, count - 1)))),
    Mutant("levels counted from the coarsest", levels=of_each(lambda level, count: count - 1 - level)),
    Mutant("every box on the first level", levels=of_each(lambda _level, _count: 0)),
    Mutant("every box on the last level", levels=of_each(lambda _level, count: count - 1)),
    Mutant("every box on the level of the first box", levels=afterwards(lambda levels, _: levels[:1] * len(levels))),
    Mutant("every box on the coarsest level of any", levels=afterwards(choosing.largest_of_all)),
    Mutant("every box on the level of the box before", levels=afterwards(choosing.of_the_box_before)),
    Mutant("all boxes of an image on the level of its first", levels=afterwards(choosing.first_of_image)),
    Mutant("exactly the least size of a level is below it", levels=choosing.stays_below, applies=rounds_down),
    Mutant("no area is no level", levels=Steps(empty=lambda _: None), applies=lambda dialect: not adds_one(dialect)),
    Mutant("no area is the last level", levels=Steps(empty=lambda pyramid: pyramid.maps - 1), applies=lambda dialect: not adds_one(dialect)),
    Mutant("negative area is the first level", "roikit until 0.2", levels=Steps(without=lambda *_: 0), applies=_zero, equivalent=_NO_LEVEL),
    Mutant("negative area is no level", levels=Steps(without=lambda *_: None), applies=_first, equivalent=_A_LEVEL),
    Mutant("negative area is the last level", levels=Steps(without=lambda pyramid, _: pyramid.maps - 1)),
    Mutant("negative area without its sign", levels=Steps(size=lambda width, height: math.sqrt(abs(width * height)))),
    Mutant("sides not below 0", levels=Steps(size=lambda width, height: math.sqrt(max(width, 0) * max(height, 0)))),
    Mutant("both corners exchanged is negative area, too", levels=Steps(size=lambda width, height: math.nan if width < 0 else choosing.root_of_area(width, height)), applies=_zero, equivalent=_NO_LEVEL),
    *(
        Mutant(f"levels of {rule}", levels=choosing.by_rule(rule), applies=lambda dialect, rule=rule: dialect.level_rule != rule)  # type: ignore[misc]
        for rule in LevelRule
    ),
)  # fmt: skip
"""Faults of which level a box is on."""

_READING: tuple[Mutant, ...] = (
    Mutant("every level reads the first map", before=pooling.reads(lambda _level, _count: 0)),
    Mutant("every level reads the last map", before=pooling.reads(lambda _level, count: count - 1)),
    Mutant("every level reads the next map", before=pooling.reads(lambda level, count: (level + 1) % count)),
    Mutant("maps read from the coarsest", before=pooling.reads(lambda level, count: count - 1 - level)),
    Mutant("scale of the first map on all", before=pooling.scaled(lambda _, scales: scales[0])),
    Mutant("scale of the last map on all", before=pooling.scaled(lambda _, scales: scales[-1])),
    Mutant("scale of the next map", before=pooling.scaled(lambda level, scales: scales[(level + 1) % len(scales)])),
    Mutant("scales from the coarsest", before=pooling.scaled(lambda level, scales: scales[-1 - level])),
    Mutant("scale of the first map divided by the level's number", before=pooling.scaled(lambda level, scales: (scales[0][0] / (level + 1), scales[0][1] / (level + 1)))),
    Mutant("scales are ratios of sizes", "keras-cv's pooler", before=pooling.scales_as_ratios),
)  # fmt: skip
"""Faults of what is read for a level, which forward and gradients may have."""

_ONLY_FORWARD: tuple[Mutant, ...] = (
    Mutant("scales rounded down to powers of two", before=pooling.scales_rounded_down),
    Mutant("scales rounded up to powers of two", before=pooling.scales_rounded_up),
    Mutant("scales of an image that was padded", before=pooling.scales_of_padded_image),
    Mutant("rows as long as those of the first map", before=pooling.rows_of_first_length),
    Mutant("all maps as large as the first", before=pooling.bounds_of_first),
    Mutant("all maps as small as the last", before=pooling.bounds_of_last),
    Mutant("what is on no level is not a number", after=pooling.negative_is_nan, applies=_zero, equivalent=_NO_LEVEL),
)

_PLACING: tuple[Mutant, ...] = (
    Mutant("results in the order of levels", after=pooling.in_order_of_levels),
    Mutant("results gathered twice, not sent back", after=pooling.scattered_backwards),
    Mutant("results in the order of images", after=pooling.in_order_of_images),
    Mutant("last box of each level forgotten", after=pooling.without_last_of_each),
    Mutant("boxes of the first level forgotten", after=pooling.without_level(0)),
    Mutant("boxes of the last level forgotten", after=pooling.without_level(-1)),
)
"""Faults of where results go."""

_SENDING: tuple[Mutant, ...] = (
    Mutant("the first map gets nothing", after=pooling.sends_nothing_to(0)),
    Mutant("the last map gets nothing", after=pooling.sends_nothing_to(-1)),
    Mutant("maps without boxes are not cleared", after=pooling.not_cleared),
)


def _of(operation: Operation, mutants: tuple[Mutant, ...]) -> Iterator[Mutant]:
    """The same faults in an operation."""
    for mutant in mutants:
        yield replace(mutant, name=f"{_WHERE[operation]}{mutant.name}", operation=operation)


_NOT_HERE = (
    "bins of 14 × 14 in reverse order",
    "bins of 7 × 7 in reverse order",
    "backward: map transposed",  # the gradient of an average reads no map
    "one scale for both axes",  # there is one
    "backward: one scale for both axes",
    "scale as a power of two",  # it is one
    "scale as one over a whole stride",
    "scale of three decimals",
    "scale of six decimals",
)


def _is_of_scale(name: str) -> bool:
    """Whether a fault is one of the bits of a scale, which is a power of two here."""
    return name.removeprefix("backward: ").startswith("scale in ")


def _sampled() -> Iterator[Sampled]:
    """Faults of averages that can show under some dialect."""
    for fault in of_averages({dialect.sampling for dialect in DIALECTS.values()}, but=_NOT_HERE):
        if not _is_of_scale(fault.name):
            yield Sampled(fault)


MUTANTS: tuple[Mutant | Sampled, ...] = (
    *_CHOOSING,
    *_READING,
    *_ONLY_FORWARD,
    *_PLACING,
    *_of(Operation.FEATURE_GRADIENT, (*_CHOOSING, *_READING, *_SENDING)),
    *_of(Operation.BOX_GRADIENT, (*_CHOOSING, *_READING, *_PLACING)),
    *_sampled(),
)
"""All faults."""
