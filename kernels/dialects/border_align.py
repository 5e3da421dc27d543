"""The vocabulary of BorderAlign's dialects: one choice for every point where a reading of it differs.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/border_align/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import Offset
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping

OFFSETS = (Offset.NONE, Offset.HALF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours and mmcv's."""

    offset: Offset = Offset.NONE

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or is one of RoIAlign that no BorderAlign has.
        """
        take_choices(self, {"offset": Offset})
        if self.offset not in OFFSETS:
            raise ValueError(f"no BorderAlign has offset={self.offset!r}")

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``, which looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": Dialect(),
        "roikit-aligned": Dialect(offset=Offset.HALF),
        "mmcv": Dialect(),
    }
)
"""The named dialects. ``aligned`` takes a box as RoIAlign's argument of that name does: a pixel's centre is half a pixel from
where it begins."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="border_align")
