"""Faults to inject into the oracle, one at a time: wrong levels, maps and order; RoIAlign's of averages; and wrong channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from .....kernels.dialects.multiscale_roi_align import LevelRule
from ....operation import Operation
from ...multiscale_roi_align.faults import mutants as of_poolers
from ...multiscale_roi_align.faults.pooling import Plan
from ...multiscale_roi_align.oracle.answers import MultiscaleRoiAlignOracle
from ...ps_roi_align.faults import mutants as of_bins
from ...ps_roi_align.selection import of_roi_align, selected
from ...roi_align.faults.borrowed import Borrowed, of_averages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_ps_roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

_SAMPLED_BY = (LevelRule.TORCHVISION, LevelRule.MASKRCNN_BENCHMARK, LevelRule.AXLEARN)
"""Rules for levels by which RoIAlign's faults are looked for: all ways to sample are among their dialects."""


@dataclass(frozen=True, slots=True)
class Sampled(Borrowed):
    """A fault of RoIAlign, on the map of each level, in the channels that each bin reads."""

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show, and is looked for."""
        return dialect.level_rule in _SAMPLED_BY and bool(self.fault.concerns(dialect.sampling, mode))

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        plan = Plan.due(of_roi_align(arguments, operation, dialect.channels), operation, dialect)
        found = plan.carried_out(lambda given: self.fault.returned(given, operation, dialect.sampling, many=many))
        return selected(found, arguments, dialect.channels) if operation == Operation.FORWARD else found


@dataclass(frozen=True, slots=True)
class Levelled:
    """A fault of poolers, in the channels that each bin reads.

    Attributes:
        fault: That of poolers.
        dtype: The data type of the calls in which it shows.
    """

    fault: of_poolers.Mutant
    dtype: str = "float64"

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        return self.fault.name

    @property
    def who(self) -> str:
        """Libraries that have or had it."""
        return self.fault.who

    @property
    def operation(self) -> Operation:
        """What the fault is in."""
        return self.fault.operation

    @property
    def equivalent(self) -> str:
        """Why it cannot show where it does not concern a dialect."""
        return self.fault.equivalent

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode."""
        return self.fault.concerns(dialect, mode)

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        given = of_roi_align(arguments, operation, dialect.channels)
        found = self.fault.returned(given, operation, dialect, many=many)
        return selected(found, arguments, dialect.channels) if operation == Operation.FORWARD else found


@dataclass(frozen=True, slots=True)
class Misread:
    """A fault of MP-2: bins read other channels, or a gradient goes to others.

    Attributes:
        fault: That of PSRoIAlign.
        dtype: The data type of the calls in which it shows.
        who: Nobody is known to have it here.
        equivalent: Empty, since it can show under every dialect.
    """

    fault: of_bins.Misread
    dtype: str = "float64"
    who: str = ""
    equivalent: str = ""

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        return self.fault.name

    @property
    def operation(self) -> Operation:
        """What the fault is in."""
        return self.fault.operation

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode: in all."""
        del self, dialect, mode
        return True

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        del many
        selector = self.fault.selector
        given = of_roi_align(arguments, operation, dialect.channels, selector)
        found = MultiscaleRoiAlignOracle().values(given, operation, dialect)
        if operation == Operation.FORWARD:
            return selected(found, arguments, dialect.channels, selector)
        return found


_NEVER = ("scales of an image that was padded",)  # scales are given
_NOT_HERE = (
    "bins of 14 × 14 in reverse order",  # of so many bins, and so of channels, the oracle takes long: `sizes` has some
    "bins of 7 × 7 in reverse order",
    "backward: map transposed",  # the gradient of an average reads no map
    "one scale for both axes",  # there is one
    "backward: one scale for both axes",
    "scale as a power of two",  # it is one
    "scale as one over a whole stride",
    "scale of three decimals",
    "scale of six decimals",
)


def _levelled() -> Iterator[Levelled]:
    for fault in of_poolers.MUTANTS:
        if isinstance(fault, of_poolers.Mutant) and fault.name not in _NEVER:
            yield Levelled(fault)


def _misread() -> Iterator[Misread]:
    for fault in of_bins.MUTANTS:
        if isinstance(fault, of_bins.Misread):
            yield Misread(fault)


def _sampled() -> Iterator[Sampled]:
    """Faults of averages that can show under some dialect; those of the bits of a scale cannot, since it is a power of two."""
    for fault in of_averages({dialect.sampling for dialect in DIALECTS.values()}, but=_NOT_HERE):
        if not fault.name.removeprefix("backward: ").startswith("scale in "):
            yield Sampled(fault)


MUTANTS: tuple[Levelled | Misread | Sampled, ...] = (*_levelled(), *_misread(), *_sampled())
"""All faults."""
