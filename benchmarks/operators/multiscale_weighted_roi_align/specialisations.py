"""The kernels of weighted RoIAlign on a feature pyramid that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import MODES
from roikit.kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from roikit.kernels.dialects.weighted_roi_align import MEANS

from ...assembler.specialisations import of_one_mode
from ..weighted_roi_align.specialisations import most_registers as most_on_one_map

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...assembler.specialisations import Wanted

MAIN = "roikit-aligned"
"""The dialect that is compiled in every data type and for all architectures."""


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take: as on one map, but for what would spill there."""
    alone = name.startswith("gradient float64 ") and " NCHW " in name and any(f" {mean} " in name for mean in MEANS)
    return 255 if alone else most_on_one_map(name, architecture)


def wanted() -> Iterator[Wanted]:
    """What is to be compiled."""
    for mode in (*MODES, *MEANS):
        yield from of_one_mode("multiscale_weighted_roi_align", DIALECTS, MAIN, mode)
