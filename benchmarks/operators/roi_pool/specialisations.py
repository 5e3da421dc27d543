"""The kernels of RoIPool that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS, MODES
from roikit.kernels.dialects.choices import BinEdges
from roikit.kernels.dialects.roi_pool import DIALECTS, Dialect
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.roi_pool.sources import OPERATIONS, sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = "roikit"
"""The dialect that is compiled in every data type and for all architectures."""

EVERY = {**DIALECTS, **{f"edges-{edges}": Dialect(edges=edges) for edges in BinEdges}}


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del name, architecture
    return 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled: every dialect in float32 besides."""
    for mode, layout, operation in itertools.product(MODES, LAYOUTS, OPERATIONS):
        for dtype in C_NAMES:
            yield from _of(operation, dtype, mode, layout, MAIN)
        for dialect in EVERY:
            yield from _of(operation, "float32", mode, layout, dialect)


def _of(operation: str, dtype: str, mode: str, layout: str, dialect: str) -> Iterator[Wanted]:
    what = "forward" if operation == "forward" else "gradient"
    for number, source in enumerate(sources(operation, dtype, mode, layout, EVERY[dialect], on_host=False)):
        yield Wanted(f"{what} {dtype} {mode} {layout} {dialect} {number}", source, everywhere=dialect == MAIN)
