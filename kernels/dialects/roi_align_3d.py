"""The vocabulary of RoIAlign's dialects in volumes: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/roi_align_3d/RULES.md``; the rule numbers refer to it. In which order a row has its coordinates is no
choice: a caller puts the columns in ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import MinSize, Offset
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point, along all three axes. The defaults are ours with ``aligned=False``.

    RV-2 says what ``offset`` is, RV-3 what ``min_size`` is.
    """

    offset: Offset = Offset.NONE
    min_size: MinSize = MinSize.ONE

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


_CHOICES: Mapping[str, type[StrEnum]] = {"offset": Offset, "min_size": MinSize}

_LEGACY = Dialect()
_ALIGNED = Dialect(offset=Offset.HALF, min_size=MinSize.NONE)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": _LEGACY,
        "roikit-aligned": _ALIGNED,
        "dkfz": _LEGACY,
        "dkfz-aligned": Dialect(offset=Offset.HALF),
        "medvision": _LEGACY,
        "torchvision-fork": _LEGACY,
        "torchvision-fork-aligned": _ALIGNED,
    }
)
"""The named dialects. A bare name is what the library does by default; a suffix names its other setting.

Not reached by these choices: MedVision's nearest voxel, and MedicalDetectionToolkit's crop, one sample for each bin.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="roi_align_3d")
