"""Makes the calls of a row on a GPU that is emulated, and counts their launches."""

from __future__ import annotations

import math
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels.emulation.counting import counting_program, sample
from roikit.kernels.emulation.stand_in import emulated, ndarray
from roikit.kernels.execution.source import Source

from ..assembler.nvrtc import Facts, compile_for
from ..measuring.contestant import in_layout, numpy_dtype, shape_in
from ..measuring.floors import ASSUMED
from ..workloads import problem
from .device import residence
from .launched import Launched
from .profiles import Profile

if TYPE_CHECKING:
    from enum import StrEnum
    from types import ModuleType

    from roikit.kernels.emulation.stand_in import Launch

    from ..measuring.problem import Problem
    from ..operator import Operator

BLOCKS = 256
"""How many blocks run of a launch that is sampled, unless it is said."""

LIBRARIES = ("roikit", "common-kernel")

_ALIGNMENT = 512  # of what CuPy allocates


class _Inputs:
    """What a row's calls read, on the emulated device: as much of `device_contestant.Inputs` as contestants ask of it."""

    def __init__(self, cupy: ModuleType, work: Problem, arrays: list[np.ndarray], layout: str, dtype: str) -> None:
        self.problem, self.layout, self.dtype = work, layout, dtype
        self.boxes = [cupy.asarray(level.boxes) for level in work.levels]
        self.all_boxes = cupy.asarray(work.boxes)
        self.sets = [[cupy.asarray(in_layout(array, layout, dtype)) for array in arrays]]

    def empty(self, shape: tuple[int, ...]) -> ndarray:
        """An array for an output of shape ``(N or K, C, …)``: its pages are not touched before they are written to."""
        size = math.prod(shape) * numpy_dtype(self.dtype).itemsize
        memory = np.empty(size + _ALIGNMENT, np.uint8)
        begin = -memory.ctypes.data % _ALIGNMENT
        return ndarray(memory[begin : begin + size].view(numpy_dtype(self.dtype)).reshape(shape_in(self.layout, shape)))

    def as_nchw(self, array: Any) -> Any:
        """Outputs are not looked at."""
        return array


class _Counting:
    """Counts launches. Of kernels on whose results no other depends, some blocks stand for all: those named in ``sampled``."""

    def __init__(self, architecture: str, blocks: int) -> None:
        self._architecture, self._blocks = architecture, blocks
        self.sampled: str | None = None
        self.names: list[str] = []
        self.launches: list[Launched] = []

    def __call__(self, launch: Launch) -> None:
        """Runs a launch, if it is known by then what is sampled."""
        self.names.append(launch.name)
        if self.sampled is None:
            return
        program, blocks = counting_program(launch.ptx), math.prod(launch.grid)
        facts = _facts(launch.text, launch.name, self._architecture)
        held = residence(
            self._architecture, blocks, threads=math.prod(launch.block), registers=facts.registers,
            shared_bytes=facts.static_shared_bytes + launch.shared_bytes,
        )  # fmt: skip
        most = self._blocks if launch.name == self.sampled else blocks
        counts = program.launch(
            launch.name, launch.grid, launch.block, launch.params, launch.arrays, launch.shared_bytes,
            chosen=sample(launch.grid, most), cache_bytes=held.cache_bytes,
        )  # fmt: skip
        self.launches.append(Launched(counts, facts.registers, held, launch.text))


@lru_cache
def _facts(text: str, name: str, architecture: str) -> Facts:
    """What the assembler says of a kernel, which looks at nothing of a source but its text."""
    return compile_for(Source(name, text, {}, np.dtype([]), (name,)), architecture)


def profile(
    operator: Operator, operation: StrEnum, row: str, library: str, layout: str, dtype: str, architecture: str,
    blocks: int = BLOCKS,
) -> Profile:  # fmt: skip
    """What a library does for all calls of a row on a GPU.

    Args:
        operator: Whose operation it is.
        operation: Of the operator.
        row: By name, one of those on a GPU.
        library: One of `LIBRARIES`.
        layout: ``"NCHW"`` or ``"NHWC"``.
        dtype: Data type of the maps, by name.
        architecture: That kernels are compiled for, ``"sm_90"`` for example.
        blocks: How many blocks run of each launch of the kernel that comes last; those before it run whole.

    Raises:
        ValueError: the library does not have this operation, layout or data type.
    """
    prepare = (operator.gpu.ours if library == "roikit" else operator.common).get(operation)
    if prepare is None:
        raise ValueError(f"{library} has no {operation} of {operator.name}")
    work = problem(operator.gpu_rows[row])
    counting = _Counting(architecture, blocks)
    with emulated(architecture, counting, ("-lineinfo",)) as cupy:
        inputs: Any = _Inputs(cupy, work, operator.gpu.inputs[operation](work), layout, dtype)
        nothing_is_timed: Any = SimpleNamespace(capture=None)
        contestant = prepare(inputs, nothing_is_timed)
        contestant()  # says which kernel comes last
        counting.sampled = counting.names[-1]
        contestant()
    floor = operator.floor(
        work, operator.geometry(work, operation), numpy_dtype(dtype).itemsize, ASSUMED, operation
    )  # fmt: skip
    return Profile(
        operator.name, operation.value, row, library, layout, dtype, architecture, work.row.outputs,
        tuple(counting.launches), floor,
    )  # fmt: skip
