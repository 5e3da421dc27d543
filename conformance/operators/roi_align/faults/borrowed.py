"""RoIAlign's faults in an operator that is made of its calls: what a fault says of itself is what RoIAlign's says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .arithmetic_mutants import ARITHMETIC_MUTANTS, GRADIENT_ARITHMETIC_MUTANTS
from .corner_mutants import CORNER_MUTANTS
from .gradient_mutants import GRADIENT_MUTANTS
from .mutants import MUTANTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from ....operation import Operation

ALL = (*MUTANTS, *ARITHMETIC_MUTANTS, *CORNER_MUTANTS, *GRADIENT_MUTANTS, *GRADIENT_ARITHMETIC_MUTANTS)
"""All faults of RoIAlign."""


def of_averages(rules: Collection[Dialect], but: Iterable[str] = ()) -> Iterator[Any]:
    """The faults of averages that can show under some of these rules, but for some names."""
    for fault in ALL:
        if fault.name not in set(but) and any(fault.concerns(dialect, "avg") for dialect in rules):
            yield fault


@dataclass(frozen=True, slots=True)
class Borrowed(ABC):
    """A fault of RoIAlign in another operator, which says how its own calls come to RoIAlign's.

    Attributes:
        fault: That of RoIAlign.
        dtype: The data type of the calls in which it shows; if another is given, the fault is one of that type.
    """

    fault: Any
    dtype: str = ""

    def __post_init__(self) -> None:
        """Makes data types agree."""
        if self.dtype:
            object.__setattr__(self, "fault", replace(self.fault, dtype=self.dtype))
        object.__setattr__(self, "dtype", self.fault.dtype)

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        name: str = self.fault.name
        return name

    @property
    def who(self) -> str:
        """Nobody is known to have it elsewhere."""
        return ""

    @property
    def operation(self) -> Operation:
        """What the fault is in."""
        operation: Operation = self.fault.operation
        return operation

    @property
    def equivalent(self) -> str:
        """Why it cannot show where it does not concern a dialect."""
        why: str = self.fault.equivalent
        return why

    @abstractmethod
    def concerns(self, dialect: Any, mode: str) -> bool:
        """Whether the fault can show under a dialect of the other operator and in a mode."""

    @abstractmethod
    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case of the other operator."""
