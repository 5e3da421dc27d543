"""The vocabulary of deformable RoI pooling's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/deform_roi_pool/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class Slope(StrEnum):
    """DP-8: what the gradient for offsets takes for the slope of a sample that was moved to an edge of the map."""

    DERIVATIVE = "derivative"
    """That of its value: none along the axis on which it was moved, and beside the map that of the edge along the other."""
    RAW = "raw"
    """That of a cell of the edge, extended to where the sample was before; none along either axis beyond the last pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours."""

    slope: Slope = Slope.DERIVATIVE

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


_CHOICES: Mapping[str, type[StrEnum]] = {"slope": Slope}

DIALECTS: Mapping[str, Dialect] = MappingProxyType({"roikit": Dialect(), "mmcv": Dialect(slope=Slope.RAW)})
"""The named dialects. A bare name is what the library does by default."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="deform_roi_pool")
