"""What is compared: a dialect, or an implementation, which stands for the dialects that it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..cases.golden import golden_cases
from ..cases.selection import check_names
from ..errors import UsageError
from ..implementation import registered
from ..results import deviations
from ..scripts.reproduce import scripts_of
from . import wording

if TYPE_CHECKING:
    from ..operator import Operator


class Side(NamedTuple):
    """One of the two that are compared.

    Attributes:
        asked: What was typed.
        implementation: The implementation that was named; empty if it was a dialect.
        dialect: The dialect that it is.
        others: The other dialects of the same library, which its arguments choose.
        deviations: Why an implementation is known to do other than that dialect, a reason each.
    """

    asked: str
    implementation: str
    dialect: str
    others: tuple[str, ...]
    deviations: tuple[str, ...]

    @property
    def named(self) -> str:
        """The implementation and its dialect, which often has its name."""
        return wording.side(self.implementation, self.dialect)


def side(name: str, operator: Operator) -> Side:
    """What a name stands for: ``DIALECT``, ``IMPLEMENTATION`` with its first dialect, or ``IMPLEMENTATION:DIALECT``.

    A name that is both is the implementation, whose first dialect has that name.

    Raises:
        UsageError: there is neither, or the implementation does not have the dialect.
    """
    implementation, _, dialect = name.partition(":")
    if implementation not in registered():
        check_names("dialect or implementation", [name], [*dict.fromkeys([*operator.dialects, *registered()])])
        return Side(name, "", name, _of_the_same_library(name, operator), ())
    script = scripts_of(implementation).get(operator.name)
    offered = (
        tuple(script.dialects) if script else tuple(known for known in operator.dialects if known == implementation)
    )
    if not offered:
        raise UsageError(
            f"{implementation} has no {operator.title}, or nobody knows under which dialect: name a dialect"
        )
    check_names(f"dialect of {implementation}", [dialect] if dialect else [], offered)
    chosen = dialect or offered[0]
    cases = golden_cases(operator.name)
    of_this = (
        known
        for known in deviations.load(implementation)
        if any(known.matches(operator.name, case.id, chosen, dtype) for case in cases for dtype in case.dtypes)
    )
    reasons = tuple(dict.fromkeys(known.reason for known in of_this))
    return Side(name, implementation, chosen, tuple(other for other in offered if other != chosen), reasons)


def _of_the_same_library(name: str, operator: Operator) -> tuple[str, ...]:
    """Dialects of a library have names that begin with its own."""
    library = name.partition("-")[0]
    return tuple(other for other in operator.dialects if other != name and other.partition("-")[0] == library)
