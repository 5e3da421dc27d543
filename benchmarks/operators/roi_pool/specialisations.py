"""The kernels of RoIPool that a GPU may run, one for each function that the named dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS, MODES
from roikit.kernels.dialects.roi_pool import DIALECTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.roi_pool.sources import sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = ("torchvision", "openvino")
"""Dialects that are compiled for all architectures: edges on the map; maxima that begin with minus infinity."""


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del name, architecture
    return 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled."""
    for dtype, mode, layout, dialect in itertools.product(C_NAMES, MODES, LAYOUTS, DIALECTS):
        for operation in ("forward", "backward"):
            if operation == "forward" or dialect in MAIN:
                of_one = sources(operation, dtype, mode, layout, DIALECTS[dialect], on_host=False)
                for number, source in enumerate(of_one):
                    what = "forward" if operation == "forward" else "gradient"
                    yield Wanted(
                        f"{what} {dtype} {mode} {layout} {dialect} {number}", source, everywhere=dialect in MAIN
                    )
