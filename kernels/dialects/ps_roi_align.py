"""The vocabulary of PSRoIAlign's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. PSRoIAlign is RoIAlign of which a bin reads channels of its own: where boxes lie and how they
are sampled has RoIAlign's choices. The formulas behind them stand in ``conformance/operators/ps_roi_align/RULES.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from . import roi_align
from .choices import EmptyGrid, MinSize, Offset
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class ChannelOrder(StrEnum):
    """PA-1: which channel of the maps bin (p, q) reads for channel c of the output."""

    CLASS_MAJOR = "class_major"
    """``(c * P_h + p) * P_w + q``: the bins of a class are neighbours."""
    BIN_MAJOR = "bin_major"
    """``(p * P_w + q) * C_out + c``: the classes of a bin are neighbours, and with channels last are read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are torchvision's, but that a bin without samples is 0."""

    offset: Offset = Offset.HALF
    min_size: MinSize = MinSize.NONE
    empty_grid: EmptyGrid = EmptyGrid.ZERO
    channels: ChannelOrder = ChannelOrder.CLASS_MAJOR

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist.
        """
        take_choices(self, _CHOICES)

    @property
    def sampling(self) -> roi_align.Dialect:
        """The dialect of RoIAlign by which boxes are placed and sampled."""
        return roi_align.Dialect(offset=self.offset, min_size=self.min_size, empty_grid=self.empty_grid)

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at: there is one ``mode``, and it looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradient of ``mode`` does not look at."""
        del mode
        return replace(self, empty_grid=EmptyGrid.ZERO) if self.empty_grid == EmptyGrid.NAN else self


_CHOICES: Mapping[str, type[StrEnum]] = {
    "offset": Offset,
    "min_size": MinSize,
    "empty_grid": EmptyGrid,
    "channels": ChannelOrder,
}

_TORCHVISION = Dialect(empty_grid=EmptyGrid.NAN)
_LEGACY = Dialect(offset=Offset.NONE, min_size=MinSize.ONE, empty_grid=EmptyGrid.NAN)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "torchvision": _TORCHVISION,
        "roikit": Dialect(),
        "roikit-bin-major": Dialect(channels=ChannelOrder.BIN_MAJOR),
        "mxnet": _LEGACY,
        "mxnet-aligned": _TORCHVISION,
    }
)
"""The named dialects, of the functions that stand in the table of the rules.

Not reached by these choices: OpenVINO's PSROIPooling in its bilinear mode (normalised corners, a grid that includes both ends),
and R-FCN's deformable kind, whose samples are cut off at the edge.
"""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="ps_roi_align")
