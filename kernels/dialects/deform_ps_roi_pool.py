"""The vocabulary of deformable PSRoIPool's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/deform_ps_roi_pool/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class Part(StrEnum):
    """DQ-5: in which arithmetic it is found which offset moves a bin."""

    EXACT = "exact"
    """``p * T // P`` in whole numbers."""
    ROUNDED = "rounded"
    """``floor(p / P * T)``, each step rounded to the type of coordinates, by which some bins get the offset before theirs."""


class Knot(StrEnum):
    """DQ-9: what the gradient for offsets takes for the slope of a sample exactly on a row or column of pixels."""

    NEXT = "next"
    """That of the cell after it."""
    NONE = "none"
    """0: the pixels below and above it are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours."""

    part: Part = Part.EXACT
    knot: Knot = Knot.NEXT

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``, which looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


_CHOICES: Mapping[str, type[StrEnum]] = {"part": Part, "knot": Knot}

_FIELD = Dialect(part=Part.ROUNDED, knot=Knot.NONE)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": Dialect(),
        "mxnet": _FIELD,
        "dcn": _FIELD,
        "paddle": _FIELD,
        "openvino": Dialect(knot=Knot.NONE),
    }
)
"""The named dialects. A bare name is what the library does by default.

Not reached by these choices: Paddle's gradients where there are more rows of offsets than columns, or fewer.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="deform_ps_roi_pool")
