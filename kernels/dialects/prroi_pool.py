"""The vocabulary of PrRoIPool's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in ``conformance/operators/prroi_pool/RULES.md``; the
rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class FlatBox(StrEnum):
    """PR-8: the gradient for a box of a RoI without area, whose output is 0."""

    ZERO = "zero"
    """Nothing arrives at it."""
    NAN = "nan"
    """All four numbers are 0 / 0: the derivative is divided by the area, unguarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The default is that of the original and of mmcv."""

    flat_box: FlatBox = FlatBox.ZERO

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, {"flat_box": FlatBox})

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``, which looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "mmcv": Dialect(),
        "precise-roi-pooling": Dialect(),
        "paddle-legacy": Dialect(flat_box=FlatBox.NAN),
    }
)
"""The named dialects, of the functions that stand in the table of the rules.

Not reached by these choices, since they are no derivatives: Paddle's gradient for the maps on a CPU, where the last bin to write
to a pixel overwrites the others, and its gradient for boxes, written one number too far.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="prroi_pool")
