"""The kernels of rotated RoIAlign on a feature pyramid that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.multiscale_roi_align_rotated.problem import MODE
from roikit.kernels.operators.multiscale_roi_align_rotated.sources import OPERATIONS, sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = "roikit"
"""The dialect that is compiled in every data type and for all architectures."""


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del architecture
    return 255 if name.startswith("boxes") else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled: every dialect in float32 besides."""
    for layout, operation in itertools.product(LAYOUTS, OPERATIONS):
        for dtype in C_NAMES:
            yield from _of(operation, dtype, layout, MAIN)
        for dialect in DIALECTS:
            if dialect != MAIN:
                yield from _of(operation, "float32", layout, dialect)


_WHAT = {
    "forward": "forward",
    "backward": "gradient",
    "backward_boxes": "boxes",
}


def _of(operation: str, dtype: str, layout: str, dialect: str) -> Iterator[Wanted]:
    for number, source in enumerate(sources(operation, dtype, MODE, layout, DIALECTS[dialect], on_host=False)):
        name = f"{_WHAT[operation]} {dtype} {MODE} {layout} {dialect} {number}"
        yield Wanted(name, source, everywhere=dialect == MAIN)
