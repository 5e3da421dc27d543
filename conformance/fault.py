"""A fault of an operator that may be in the oracle's formulas, in the call before they see it, or in their answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .exact.numbers import Array

AskedT = TypeVar("AskedT", bound=Any)


@dataclass(frozen=True, slots=True)
class Fault(Generic[AskedT]):
    """A fault. An operator says how its oracle is asked, by a dataclass that has the maps as ``pixels``, and what it answers.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it; empty if it is a fault that one could make.
        rules: The oracle's formulas with the fault; None if it is not in them.
        before: Changes the call, if the fault is there.
        after: Changes the answer, if the fault is there; it also gets the call.
        concerns: Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent.
        equivalent: Why it cannot show elsewhere; empty if the formulas are then the same.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows.
        of_32_bits: Whether it shows only where maps have more elements than 32 bits can count.
    """

    name: str
    who: str = ""
    rules: type[Any] | None = None
    before: Callable[[AskedT], AskedT] = lambda asked: asked
    after: Callable[[Array, AskedT], Array] = lambda values, _: values
    concerns: Callable[[Any, str], bool] = lambda _dialect, _mode: True
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"
    of_32_bits: bool = False

    def ask(self, arguments: Mapping[str, Any], dialect: Any) -> AskedT:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        raise NotImplementedError

    def answer(self, asked: AskedT, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        raise NotImplementedError

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case; None throughout an invalid RoI."""
        asked = self.ask(arguments, dialect)
        if self.of_32_bits and many:
            asked = replace(asked, pixels=asked.pixels * 0)
        return self.after(self.answer(self.before(asked), operation), asked)
