"""The kernels of weighted RoIAlign that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import MODES
from roikit.kernels.dialects.weighted_roi_align import DIALECTS, MEANS

from ...assembler.specialisations import of_one_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...assembler.specialisations import Wanted

MAIN = "torchvision-aligned"
"""The dialect that is compiled in every data type and for all architectures."""


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del architecture
    is_mean = any(f" {mean} " in name for mean in MEANS)
    alone = [" float64 " in name, " NCHW " in name]
    return 255 if name.startswith("boxes") or (name.startswith("forward") and (any if is_mean else all)(alone)) else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled."""
    for mode in (*MODES, *MEANS):
        yield from of_one_mode("weighted_roi_align", DIALECTS, MAIN, mode)
