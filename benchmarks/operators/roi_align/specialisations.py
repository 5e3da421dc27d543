"""The kernels that a GPU may run, one for each function that the named dialects compute, and for which GPUs each is compiled.

What architectures differ in (registers, instructions) and what dialects differ in (rules) are compiled against each other on the
oldest architecture and on the one aimed at; on the others only the main dialects are.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from roikit.kernels.calls.problem import LAYOUTS, MODES, Problem
from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.operators.roi_align import box_gradient, feature_gradient
from roikit.kernels.operators.roi_align.forward import device_sources

from ...assembler.ledger import Specialisation
from ...assembler.nvrtc import ARCHITECTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from roikit.kernels.execution.source import Source

DTYPES = ("float16", "bfloat16", "float32", "float64")
MAIN = ("torchvision-aligned", "opencv", "torchvision-python")
"""Dialects that are compiled for all architectures: outside zero; maxima of corners; outside clamped."""

THOROUGH = ("sm_75", "sm_90")
"""The architectures that every dialect is compiled for."""

_LEVELS = 4  # of a pyramid


def specialisations() -> list[Specialisation]:
    """All of them, each once, by what it computes."""
    named: dict[str, Specialisation] = {}
    for name, architectures, source in itertools.chain(_forward(), _gradients()):
        known = named.get(source.text)
        wanted = {*architectures, *(known.architectures if known else ())}
        some = tuple(architecture for architecture in ARCHITECTURES if architecture in wanted)
        named[source.text] = Specialisation(known.name if known else name, source, some)
    return list(named.values())


def _forward() -> Iterator[tuple[str, Iterable[str], Source]]:
    """Of any size for each dialect; of the common sizes, which no rule depends on, for one."""
    for dtype, mode, layout in itertools.product(DTYPES, MODES, LAYOUTS):
        for dialect in DIALECTS:
            sources = device_sources(dtype, mode, layout, DIALECTS[dialect])
            kinds = len(sources) // (2 if layout == "NHWC" else 1)  # as they are, and then packed
            for index, source in enumerate(sources):
                packed, size = divmod(index, kinds)
                if size == 0 or dialect == MAIN[0]:
                    name = (
                        f"forward {dtype} {mode} {layout} {dialect}{' packed' * packed}{f' size {size}' * bool(size)}"
                    )
                    yield name, ARCHITECTURES if dialect in MAIN and size == 0 else THOROUGH, source


def _gradients() -> Iterator[tuple[str, Iterable[str], Source]]:
    """Every data type for one dialect; the main dialects, and several levels, in float32."""
    for mode, layout in itertools.product(MODES, LAYOUTS):
        for dtype in DTYPES:
            yield from _gradient(dtype, mode, layout, MAIN[0], 1, ARCHITECTURES)
        for dialect in MAIN:
            yield from _gradient("float32", mode, layout, dialect, _LEVELS, THOROUGH)


def _gradient(
    dtype: str, mode: str, layout: str, dialect: str, levels: int, architectures: Iterable[str]
) -> Iterator[tuple[str, Iterable[str], Source]]:
    problem = Problem(
        dtype, 1, 8, 1, (1,) * levels, (1,) * levels, (1, 1), ((1.0, 1.0),) * levels, (0, 0), mode, layout,
        DIALECTS[dialect],
    )  # fmt: skip
    pyramid = f" {levels} levels" if levels > 1 else ""
    for number, source in enumerate((*feature_gradient.device_sources(problem), box_gradient.device_source(problem))):
        yield f"gradient {number} {dtype} {mode} {layout} {dialect}{pyramid}", architectures, source
