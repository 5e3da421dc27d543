"""The kernels of crop_and_resize that a GPU may run: methods and dialects come with the launch."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dialects.crop_and_resize import DIALECTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.crop_and_resize.sources import OPERATIONS, sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY = DIALECTS["roikit"]


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del architecture
    return 255 if name.startswith("backward_boxes float64") else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled: for all architectures in float32, and one forward kernel of each data type and layout."""
    for operation, dtype, layout in itertools.product(OPERATIONS, C_NAMES, LAYOUTS):
        for number, source in enumerate(sources(operation, dtype, "avg", layout, _ANY, on_host=False)):
            everywhere = dtype == "float32" or (operation == "forward" and number == 0)
            yield Wanted(f"{operation} {dtype} {layout} {number}", source, everywhere=everywhere)
