"""The kernels of PSRoIPool that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dialects.choices import BinEdges
from roikit.kernels.dialects.ps_roi_pool import DIALECTS, Dialect
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.ps_roi_pool.forward import MODE
from roikit.kernels.operators.ps_roi_pool.sources import OPERATIONS, sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = "roikit"
"""The dialect that is compiled in every data type and for all architectures."""

EVERY = {**DIALECTS, **{f"edges-{edges}": Dialect(edges=edges) for edges in BinEdges if edges != BinEdges.ACCUMULATED}}


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del name, architecture
    return 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled: every dialect in float32 besides."""
    for layout, operation in itertools.product(LAYOUTS, OPERATIONS):
        for dtype in C_NAMES:
            yield from _of(operation, dtype, layout, MAIN)
        for dialect in EVERY:
            yield from _of(operation, "float32", layout, dialect)


def _of(operation: str, dtype: str, layout: str, dialect: str) -> Iterator[Wanted]:
    what = "forward" if operation == "forward" else "gradient"
    for number, source in enumerate(sources(operation, dtype, MODE, layout, EVERY[dialect], on_host=False)):
        yield Wanted(f"{what} {dtype} {MODE} {layout} {dialect} {number}", source, everywhere=dialect == MAIN)
