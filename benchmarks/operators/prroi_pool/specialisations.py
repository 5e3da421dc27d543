"""The kernels of PrRoIPool that a GPU may run, one for each function that dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS
from roikit.kernels.dialects.prroi_pool import DIALECTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.prroi_pool.problem import DEFAULT, MODE
from roikit.kernels.operators.prroi_pool.sources import OPERATIONS, sources

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    del architecture
    operation, dtype, *_ = name.split()
    return 255 if operation == "boxes" and dtype == "float64" else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled, in every data type; of the dialects only the gradient for boxes knows."""
    for layout, operation, dtype in itertools.product(LAYOUTS, OPERATIONS, C_NAMES):
        dialects = DIALECTS if operation == "backward_boxes" and dtype == "float32" else (DEFAULT,)
        for dialect in dialects:
            yield from _of(operation, dtype, layout, dialect)


def _of(operation: str, dtype: str, layout: str, dialect: str) -> Iterator[Wanted]:
    what = {"forward": "forward", "backward": "gradient", "backward_boxes": "boxes"}[operation]
    for number, source in enumerate(sources(operation, dtype, MODE, layout, DIALECTS[dialect], on_host=False)):
        yield Wanted(f"{what} {dtype} {MODE} {layout} {dialect} {number}", source, everywhere=dialect == DEFAULT)
