"""Kernels of another library's CUDA text, run without a GPU: NVRTC makes PTX of it, which runs thread by thread on the CPU.

`kernels.emulation` watches every access to memory. One that is out of bounds, which a GPU may forgive or not, ends the process,
as one of a library on a CPU may; the last line that it prints says where it was.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.emulation.executor import Array, EmulationError, module_of, program
from ...kernels.emulation.nvrtc import ptx_of
from ...kernels.emulation.translate import parameters_of
from ...kernels.errors import CompilerNotFoundError
from ...kernels.execution import host
from ..implementation import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

ARCHITECTURE = os.environ.get("ROIKIT_PTX_ARCHITECTURE", "sm_90")
"""What a worker is told by its environment: arguments it gets none."""
_TYPES = {"float32": ("float", "f"), "float64": ("double", "d")}
_OPTIONS = ("-std=c++17", "-default-device")
"""What nvcc does by default, contraction included; and functions of helpers that say not where they run are compiled."""
_OF_C = {
    "cuda.h": "",
    "float.h": "#define FLT_MAX 3.402823466e+38F\n",
    "math.h": "#define M_PI 3.14159265358979323846\n",
}
"""What NVRTC has not, of the headers that such texts include."""


def nvrtc_version(install: str) -> str:
    """The version of NVRTC, if that and a C++ compiler are here.

    Raises:
        Unavailable: they are not; the message says what to install.
    """
    try:
        from cuda.bindings import nvrtc

        error, major, minor = nvrtc.nvrtcVersion()
    except (ImportError, RuntimeError) as missing:
        raise Unavailable(f"NVRTC is not installed: {install}, and a C++ compiler") from missing
    if int(error):
        raise Unavailable(f"NVRTC does not work: {error!r}")
    try:
        host.compiler()
    except CompilerNotFoundError as missing:
        raise Unavailable(str(missing)) from missing
    return f"{major}.{minor}"


@dataclass(frozen=True)
class CudaText:
    """A text of kernel templates of one data type each.

    Attributes:
        text: CUDA.
        headers: What it includes, by name.
    """

    text: str
    headers: Mapping[str, str]
    _ptx: dict[tuple[str, str], str] = field(default_factory=dict)

    def launch(
        self,
        kernel: str,
        dtype: str,
        grid: int,
        block: tuple[int, int],
        arguments: Mapping[str, np.ndarray | np.generic],
    ) -> None:
        """Runs a kernel for a data type, and returns when it is done.

        Args:
            kernel: The name of its template.
            dtype: ``float32`` or ``float64``.
            grid: Blocks.
            block: Threads of each, along x and y.
            arguments: In their order: C-contiguous arrays, which it reads and writes where they are, and scalars of NumPy.

        Raises:
            RuntimeError: no such grid can be launched, as on a GPU.
        """
        if grid < 1:
            raise RuntimeError("CUDA error: invalid configuration argument")
        ptx = self._ptx_of(kernel, dtype)
        name = f"_Z{len(kernel)}{kernel}I{_TYPES[dtype][1]}E"
        entry = next(each for each in module_of(ptx).kernels if each.startswith(name))
        declared = module_of(ptx).kernels[entry]
        layout, arrays = parameters_of(declared), []
        params = bytearray(layout.size)
        for variable, (named, value) in zip(declared.parameters, arguments.items(), strict=True):
            if isinstance(value, np.ndarray):
                arrays.append(Array(named, value.ctypes.data, value.nbytes))
            packed = np.uint64(value.ctypes.data).tobytes() if isinstance(value, np.ndarray) else value.tobytes()
            assert len(packed) == variable.size, f"{kernel}: {named}"
            params[layout.places[variable.name] : layout.places[variable.name] + len(packed)] = packed
        try:
            program(ptx, forgiving=True).launch(entry, (grid, 1, 1), (*block, 1), bytes(params), arrays)
        except EmulationError as fault:
            sys.stderr.write(f"{kernel}: {str(fault).splitlines()[0].partition(', ')[2]}\n")
            sys.stderr.flush()
            os.abort()

    def _ptx_of(self, kernel: str, dtype: str) -> str:
        if (kernel, dtype) not in self._ptx:
            instance = f"{kernel}<{_TYPES[dtype][0]}>"
            self._ptx[kernel, dtype] = ptx_of(
                self.text, ARCHITECTURE, _OPTIONS, added=(), headers={**_OF_C, **self.headers}, instances=(instance,)
            )
        return self._ptx[kernel, dtype]


def contiguous(array: np.ndarray, dtype: Any = None) -> np.ndarray:
    """What a kernel is handed of an array: its elements one after the other, aligned, in the order of bytes of the machine."""
    return np.require(array, np.dtype(dtype or array.dtype).newbyteorder("="), ("C", "A"))
