"""Faults to inject into the oracle, one at a time: wrong sizes and levels, wrong maps, wrong order; and rotated RoIAlign's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import LevelRule, NoLevel
from .....kernels.dialects.multiscale_roi_align_rotated import DIALECTS, LEVEL_RULES
from ....operation import Operation
from ...multiscale_roi_align.faults import mutants as of_poolers
from ...multiscale_roi_align.faults import pooling as changes
from ...roi_align_rotated.faults import mutants as of_rotated
from ...roi_align_rotated.oracle.face import ORACLE as ROTATED
from ...roi_align_rotated.oracle.face import is_too_large
from ..oracle.levels import choosing
from . import sizes
from .pooling import RotatedPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_roi_align_rotated import Dialect
    from ....exact.numbers import Array
    from ...multiscale_roi_align.faults.pooling import Plan

    Arguments = Mapping[str, Any]

_WHERE = {Operation.FORWARD: "", Operation.FEATURE_GRADIENT: "backward: ", Operation.BOX_GRADIENT: "for boxes: "}


@dataclass(frozen=True, slots=True)
class Mutant(of_poolers.Mutant):
    """A fault of a pooler of rotated boxes."""

    plans: type[Plan] = RotatedPlan


@dataclass(frozen=True, slots=True)
class Sampled:
    """A fault of rotated RoIAlign, on the map of each level. It is looked for under one dialect, since all sample alike.

    Attributes:
        fault: That of rotated RoIAlign.
        dtype: The data type of the calls in which it shows; if another is given, the fault is one of that type.
    """

    fault: of_rotated.Mutant
    dtype: str = ""

    def __post_init__(self) -> None:
        """Makes data types agree."""
        if self.dtype:
            object.__setattr__(self, "fault", replace(self.fault, dtype=self.dtype))
        object.__setattr__(self, "dtype", self.fault.dtype)

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        return self.fault.name

    @property
    def who(self) -> str:
        """Libraries that have or had it."""
        return self.fault.who

    @property
    def equivalent(self) -> str:
        """Why it cannot show elsewhere."""
        return self.fault.equivalent

    @property
    def operation(self) -> Operation:
        """What the fault is in."""
        return self.fault.operation

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show, and is looked for."""
        return dialect.level_rule == LevelRule.AXLEARN and self.fault.concerns(dialect.sampling, mode)

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case.

        Where it takes more samples than anybody waits for, it is not said to be noticed: that is what is due.
        """
        sampling = dialect.sampling

        def pool(given: Arguments) -> Array:
            if is_too_large(self.fault.before(self.fault.ask(given, sampling))):
                return ROTATED.values(given, operation, sampling)
            return self.fault.returned(given, operation, sampling, many=many)

        return RotatedPlan.due(arguments, operation, dialect).carried_out(pool)


def _zero(dialect: Dialect) -> bool:
    return dialect.no_level == NoLevel.ZERO


def _of_poolers() -> Iterator[Mutant]:
    """Faults of poolers in how a level is chosen from a size."""
    for fault in of_poolers.MUTANTS:
        if not isinstance(fault, of_poolers.Mutant) or fault.levels is None or fault.operation != Operation.FORWARD:
            continue
        rule = fault.name.removeprefix("levels of ")
        if fault.name in _NEVER or (rule != fault.name and rule not in LEVEL_RULES):
            continue
        yield Mutant(
            fault.name,
            fault.who,
            levels=sizes.as_of_upright(fault.levels),
            applies=lambda dialect, applies=fault.applies: applies(choosing(dialect)),  # type: ignore[misc]
            equivalent=fault.equivalent,
        )


_NEVER = ("1 not added to each side",)  # nobody adds it here

_CHOOSING: tuple[Mutant, ...] = (
    *_of_poolers(),
    Mutant("size of the upright box around the rotated one", levels=sizes.of_sides(sizes.around)),
    Mutant("size of boxes whose centre and size are corners", levels=sizes.of_sides(sizes.by_corners)),
    Mutant("size of the centre", levels=sizes.of_sides(sizes.of_centre)),
    Mutant("size of height and angle", levels=sizes.of_sides(sizes.height_and_angle)),
    Mutant("size from the centre on", levels=sizes.of_sides(sizes.halves)),
)
"""Faults of which level a box is on."""

_READING: tuple[Mutant, ...] = (
    Mutant("every level reads the first map", before=changes.reads(lambda _level, _count: 0)),
    Mutant("every level reads the last map", before=changes.reads(lambda _level, count: count - 1)),
    Mutant("every level reads the next map", before=changes.reads(lambda level, count: (level + 1) % count)),
    Mutant("maps read from the coarsest", before=changes.reads(lambda level, count: count - 1 - level)),
    Mutant("scale of the first map on all", before=changes.scaled(lambda _, scales: scales[0])),
    Mutant("scale of the last map on all", before=changes.scaled(lambda _, scales: scales[-1])),
    Mutant("scale of the next map", before=changes.scaled(lambda level, scales: scales[(level + 1) % len(scales)])),
    Mutant("scales from the coarsest", before=changes.scaled(lambda level, scales: scales[-1 - level])),
)
"""Faults of what is read for a level, which forward and gradients may have."""

_ONLY_FORWARD: tuple[Mutant, ...] = (
    Mutant("rows as long as those of the first map", before=changes.rows_of_first_length),
    Mutant("all maps as large as the first", before=changes.bounds_of_first),
    Mutant("all maps as small as the last", before=changes.bounds_of_last),
    Mutant("what is on no level is not a number", after=changes.negative_is_nan, applies=_zero, equivalent="Where a box of negative area is on the first level anyway."),
)  # fmt: skip

_PLACING: tuple[Mutant, ...] = (
    Mutant("results in the order of levels", after=changes.in_order_of_levels),
    Mutant("results gathered twice, not sent back", after=changes.scattered_backwards),
    Mutant("results in the order of images", after=changes.in_order_of_images),
    Mutant("last box of each level forgotten", after=changes.without_last_of_each),
    Mutant("boxes of the first level forgotten", after=changes.without_level(0)),
    Mutant("boxes of the last level forgotten", after=changes.without_level(-1)),
)
"""Faults of where results go."""

_SENDING: tuple[Mutant, ...] = (
    Mutant("the first map gets nothing", after=changes.sends_nothing_to(0)),
    Mutant("the last map gets nothing", after=changes.sends_nothing_to(-1)),
    Mutant("maps without boxes are not cleared", after=changes.not_cleared),
)


def _of(operation: Operation, mutants: tuple[Mutant, ...]) -> Iterator[Mutant]:
    """The same faults in an operation."""
    for mutant in mutants:
        yield replace(mutant, name=f"{_WHERE[operation]}{mutant.name}", operation=operation)


def _sampled() -> Iterator[Sampled]:
    """Faults of rotated RoIAlign that can show under the dialect that they are looked for under."""
    for fault in (*of_rotated.MUTANTS, *of_rotated.GRADIENT_MUTANTS):
        if fault.concerns(DIALECTS["roikit"].sampling, "avg"):
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
