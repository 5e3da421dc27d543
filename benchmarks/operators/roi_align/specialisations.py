"""The kernels of RoIAlign that a GPU may run, one for each function that the named dialects compute."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS, MODES
from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.dtypes import C_NAMES
from roikit.kernels.operators.roi_align import box_gradient, feature_gradient
from roikit.kernels.operators.roi_align.forward import device_sources
from roikit.kernels.operators.roi_align.problem import RoiAlignProblem

from ...assembler.specialisations import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = ("torchvision-aligned", "opencv", "torchvision-python")
"""Dialects that are compiled for all architectures: outside zero; maxima of corners; outside clamped."""

_LEVELS = 4  # of a pyramid


def most_registers(name: str, architecture: str) -> int:
    """How many registers a thread of a kernel may take, so that as many blocks run at once as are meant to."""
    operation, dtype, mode, *_ = name.split()
    if operation == "gradient":
        return 255
    return 80 if mode == "avg" and dtype != "float64" and architecture == "sm_90" else 128


def wanted() -> Iterator[Wanted]:
    """What is to be compiled."""
    yield from _forward()
    for mode, layout in itertools.product(MODES, LAYOUTS):
        for dtype in C_NAMES:
            yield from _gradients(dtype, mode, layout, MAIN[0], 1)
        for dialect in MAIN:
            yield from _gradients("float32", mode, layout, dialect, _LEVELS)


def _forward() -> Iterator[Wanted]:
    """For any size, every dialect; for the common sizes, which no rule looks at, one."""
    for dtype, mode, layout, dialect in itertools.product(C_NAMES, MODES, LAYOUTS, DIALECTS):
        sources = device_sources(dtype, mode, layout, DIALECTS[dialect])
        sizes = len(sources) // (2 if layout == "NHWC" else 1)  # as they are, and then for aligned vectors
        for index, source in enumerate(sources):
            packed, size = divmod(index, sizes)
            if size == 0 or dialect == MAIN[0]:
                name = f"forward {dtype} {mode} {layout} {dialect}{' packed' * packed}{f' size {size}' * bool(size)}"
                yield Wanted(name, source, everywhere=dialect in MAIN and size == 0)


def _gradients(dtype: str, mode: str, layout: str, dialect: str, levels: int) -> Iterator[Wanted]:
    """For one level on all architectures."""
    problem = RoiAlignProblem(
        dtype=dtype, images=1, channels=8, rois=1, heights=(1,) * levels, widths=(1,) * levels, bins=(1, 1),
        scales=((1.0, 1.0),) * levels, sampling=(0, 0), mode=mode, layout=layout, dialect=DIALECTS[dialect],
    )  # fmt: skip
    pyramid = f" {levels} levels" if levels > 1 else ""
    sources = (*feature_gradient.GRADIENT.device_sources(problem), box_gradient.GRADIENT.device_source(problem))
    for number, source in enumerate(sources):
        yield Wanted(f"gradient {dtype} {mode} {layout} {dialect}{pyramid} {number}", source, everywhere=levels == 1)
