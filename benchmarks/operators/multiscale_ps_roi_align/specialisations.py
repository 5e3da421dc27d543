"""The kernels of PSRoIAlign on a feature pyramid that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS
from roikit.kernels.operators.multiscale_ps_roi_align.problem import MODE

from ...assembler.specialisations import of_one_mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...assembler.specialisations import Wanted

MAIN = "roikit"
"""The dialect that is compiled in every data type and for all architectures."""


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del architecture
    return 255 if name.startswith("boxes") else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled: every dialect in float32 besides."""
    return of_one_mode("multiscale_ps_roi_align", DIALECTS, MAIN, MODE)
