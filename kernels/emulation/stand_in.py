"""A stand-in for CuPy, of as much of it as the kernels use: arrays lie in the memory of the CPU, and kernels run as PTX.

Whatever runs inside of `emulated` takes the way to a GPU: plans, alignment, workspaces, launches.
"""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from weakref import WeakValueDictionary

import numpy as np

from .executor import Array, EmulationError, module_of, program
from .nvrtc import ptx_of
from .translate import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_ALIGNMENT = 512  # of what CuPy allocates
_GARBAGE = 0x7A
_MULTIPROCESSORS = 132  # of an H100
_SHARED_BYTES = 48 * 1024
_MOST_THREADS = 1024
_MOST_BLOCKS = (2**31 - 1, 65535, 65535)


class _Device:
    """The device, of which there is one."""

    def __init__(self, number: int = 0) -> None:
        self.id = number
        self.attributes = {"MultiProcessorCount": _MULTIPROCESSORS}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Device) and self.id == other.id

    def __hash__(self) -> int:
        return self.id

    def __repr__(self) -> str:
        return f"<emulated device {self.id}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class ndarray:  # noqa: N801 - CuPy's name
    """An array of the device: a NumPy array that is not one."""

    def __init__(self, held: np.ndarray, defined: np.ndarray | None = None) -> None:
        """``defined`` says of each byte whether it was ever written, those of an element along a last axis; None if all were."""
        self.held, self.defined = held, defined
        self.device = _Device()
        self.data = SimpleNamespace(ptr=held.ctypes.data)
        if held.nbytes and held.flags.c_contiguous:
            _arrays[id(self)] = self

    shape = property(lambda self: self.held.shape)
    ndim = property(lambda self: self.held.ndim)
    dtype = property(lambda self: self.held.dtype)
    flags = property(lambda self: self.held.flags)
    size = property(lambda self: self.held.size)

    def __len__(self) -> int:
        return len(self.held)

    def __getitem__(self, key: Any) -> Any:
        part = self.held[key]
        if not isinstance(part, np.ndarray):
            return part
        return ndarray(part, None if self.defined is None else self.defined[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.held[key] = value.held if isinstance(value, ndarray) else value
        if self.defined is not None:
            self.defined[key] = 1

    def fill(self, value: Any) -> None:
        """Sets all elements."""
        self[...] = value

    def reshape(self, *shape: Any) -> ndarray:
        """The same elements in another shape: a view of a contiguous array."""
        held = self.held.reshape(*shape)
        return ndarray(held, None if self.defined is None else self.defined.reshape(*held.shape, held.itemsize))

    def transpose(self, *axes: int) -> ndarray:
        """A view with the axes in another order."""
        defined = None if self.defined is None else self.defined.transpose(*axes, self.ndim)
        return ndarray(self.held.transpose(*axes), defined)


ndarray.__module__ = "cupy"  # by which arrays of CuPy are known
_arrays: WeakValueDictionary[int, ndarray] = WeakValueDictionary()


def _allocated(shape: Any, dtype: Any) -> np.ndarray:
    """Memory as a device has it: aligned, and full of what was there before."""
    dtype = np.dtype(dtype)
    shape = tuple(shape) if np.iterable(shape) else (shape,)
    size = math.prod(shape) * dtype.itemsize
    memory = np.full(size + _ALIGNMENT, _GARBAGE, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    held: np.ndarray = memory[begin : begin + size].view(dtype).reshape(shape)
    return held


def _empty(shape: Any, dtype: Any) -> ndarray:
    held = _allocated(shape, dtype)
    return ndarray(held, np.zeros((*held.shape, held.itemsize), np.uint8))


def _full(shape: Any, value: Any, dtype: Any) -> ndarray:
    array = ndarray(_allocated(shape, dtype))
    array.held[...] = value
    return array


def _asarray(array: Any, dtype: Any = None) -> ndarray:
    """A copy on the device of what lies on the host."""
    given = np.asarray(array, dtype)
    held = _allocated(given.shape, given.dtype)
    held[...] = given
    return ndarray(held)


def _asnumpy(array: ndarray) -> np.ndarray:
    """A copy on the host, of which all must have been written."""
    if array.defined is not None and not array.defined.all():
        place = np.argwhere(array.defined.min(axis=-1) == 0)[0].tolist()
        raise EmulationError(f"what was never written is read by the host: element {place} of {array.shape}")
    return array.held.copy()


def _ascontiguousarray(array: ndarray, dtype: Any = None) -> ndarray:
    if array.flags.c_contiguous and dtype in (None, array.dtype):
        return array
    copied = _asarray(array.held, dtype)
    if array.defined is not None:
        written = array.defined.all(axis=-1, keepdims=True).astype(np.uint8)
        copied.defined = np.repeat(written, copied.held.itemsize, axis=-1)
    return copied


def _concatenate(arrays: Sequence[ndarray]) -> ndarray:
    return _asarray(np.concatenate([array.held for array in arrays]))


class Launch(NamedTuple):
    """A launch that was asked for.

    Attributes:
        text: The CUDA text, and
        ptx: what NVRTC made of it.
        name: Of the kernel.
        grid, block: Blocks, and threads of each, along x, y, z.
        params: What the kernel is passed.
        arrays: Those whose addresses are in that.
        shared_bytes: Shared memory besides the kernel's own variables.
    """

    text: str
    ptx: str
    name: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    params: bytes
    arrays: list[Array]
    shared_bytes: int


def execute(launch: Launch) -> None:
    """Runs a launch, and watches it.

    Raises:
        EmulationError: it did what it must not.
    """
    run = program(launch.ptx)
    run.launch(launch.name, launch.grid, launch.block, launch.params, launch.arrays, launch.shared_bytes)


class _RawKernel:
    """A kernel of a CUDA text."""

    def __init__(
        self, architecture: str, run: Callable[[Launch], None], more: tuple[str, ...], code: str, name: str,
        options: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._made_of, self._name, self._run = (code, architecture, (*options, *more)), name, run

    def compile(self) -> None:
        """Compiles the text now."""
        _compiled(*self._made_of)

    def __call__(self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], *, shared_mem: int = 0) -> None:
        if any(not 0 < count <= most for count, most in zip(grid, _MOST_BLOCKS, strict=True)):
            raise ValueError(f"{self._name}: no grid is {tuple(grid)}")
        if not 0 < math.prod(block) <= _MOST_THREADS or shared_mem > _SHARED_BYTES:
            raise ValueError(f"{self._name}: no block is {tuple(block)} with {shared_mem} bytes")
        ptx = _compiled(*self._made_of)
        places = parameters_of(kernel := module_of(ptx).kernels[self._name]).places
        params = bytearray(parameters_of(kernel).size)
        for variable, value in zip(kernel.parameters, args, strict=True):
            packed = np.asarray(value).tobytes()
            if len(packed) != variable.size:
                raise ValueError(f"{self._name}: {variable.name} has {variable.size} bytes, not {len(packed)}")
            params[places[variable.name] : places[variable.name] + len(packed)] = packed
        arrays = _arrays_in(params, len(args))
        (gx, gy, gz), (bx, by, bz) = grid, block
        self._run(
            Launch(self._made_of[0], ptx, self._name, (gx, gy, gz), (bx, by, bz), bytes(params), arrays, shared_mem)
        )


@cache
def _compiled(code: str, architecture: str, options: tuple[str, ...]) -> str:
    return ptx_of(code, architecture, options)


def _arrays_in(params: bytearray, pointers: int) -> list[Array]:
    """The arrays whose addresses a launch is passed; of several that begin at one, the largest."""
    known: dict[int, ndarray] = {}
    for array in sorted(_arrays.values(), key=lambda each: each.held.nbytes):
        known[array.data.ptr] = array
    found: dict[int, Array] = {}
    for place, word in enumerate(np.frombuffer(params[: len(params) // 8 * 8], np.uint64).tolist()):
        if word in known:
            in_struct = f"the array at byte {8 * (place - pointers + 1)} of the struct"
            name = f"parameter {place}" if place < pointers - 1 else in_struct
            found.setdefault(word, Array(name, word, known[word].held.nbytes, known[word].defined))
    return list(found.values())


@cache
def stand_in(
    architecture: str = "sm_90", run: Callable[[Launch], None] = execute, options: tuple[str, ...] = ()
) -> ModuleType:
    """A module that stands for CuPy, whose kernels are compiled for ``architecture``, and handed to ``run``.

    ``options`` come after those that kernels are compiled with.
    """
    cupy = ModuleType("cupy")
    names = {
        "__version__": f"emulated for {architecture}",
        "ndarray": ndarray,
        "empty": _empty,
        "full": _full,
        "asarray": _asarray,
        "asnumpy": _asnumpy,
        "ascontiguousarray": _ascontiguousarray,
        "concatenate": _concatenate,
        "may_share_memory": lambda a, b: np.may_share_memory(a.held, b.held),
        "int64": np.int64,
        "uint8": np.uint8,
        "float32": np.float32,
        "RawKernel": partial(_RawKernel, architecture, run, options),
        "cuda": SimpleNamespace(Device=_Device),
    }
    for name, value in names.items():
        setattr(cupy, name, value)
    return cupy


@contextmanager
def emulated(
    architecture: str = "sm_90", run: Callable[[Launch], None] = execute, options: tuple[str, ...] = ()
) -> Iterator[ModuleType]:
    """What is called inside with arrays of this module, as if it were CuPy, takes the way to a GPU, and runs here.

    Meant for processes of their own: inside, whoever imports ``cupy`` gets the stand-in. Launches are handed to ``run``;
    ``options`` come after those that kernels are compiled with.
    """
    missing = object()
    before: Any = sys.modules.get("cupy", missing)
    sys.modules["cupy"] = cupy = stand_in(architecture, run, options)
    try:
        yield cupy
    finally:
        if before is missing:
            del sys.modules["cupy"]
        else:
            sys.modules["cupy"] = before
