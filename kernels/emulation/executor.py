"""Runs kernels of a PTX text on the CPU, and says what they did that a GPU does not forgive."""

from __future__ import annotations

import ctypes
import math
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..errors import RoikitError
from ..execution import host
from .ptx import parse
from .translate import parameters_of, shared_of, translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from .ptx import Module

FLAGS = (
    "-std=c++17",
    "-O1",  # in two thirds of the time that -O2 takes
    "-fPIC",
    "-shared",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-strict-aliasing",
    "-U_FORTIFY_SOURCE",  # which takes a change of stacks for an error
    "-w",
)
"""Options of the C++ compiler for what is translated."""

_FAULTS = ("", "outside", "misaligned", "unwritten", "race", "left behind", "torn", "no memory")
_SPACES = ("generic", "global", "shared", "param", "local")
_KINDS = ("read", "write", "atomic operation")
_NOT_A_REGION = -1
_SEVERAL = 2**32 - 1


class EmulationError(RoikitError):
    """A kernel did what it must not. The message says which, which of its threads, and at which line of its PTX."""


@dataclass(frozen=True, slots=True)
class Array:
    """Memory that a launch may touch.

    Attributes:
        name: What messages call it.
        address, size: Where it begins, and its bytes.
        defined: A byte for each of its bytes, which says whether it holds something; None if all do.
    """

    name: str
    address: int
    size: int
    defined: np.ndarray | None = None


class _Region(ctypes.Structure):
    _fields_ = (
        ("begin", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("defined", ctypes.c_void_p),
        ("touched", ctypes.c_void_p),
    )


class _Launch(ctypes.Structure):
    _fields_ = (
        ("params", ctypes.c_void_p),
        ("params_size", ctypes.c_uint64),
        ("shared_size", ctypes.c_uint64),
        ("regions", ctypes.POINTER(_Region)),
        ("regions_count", ctypes.c_uint32),
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
    )


class _Report(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("fault", "space", "kind", "line", "bytes", "other_thread")),
        ("thread", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
        ("region", ctypes.c_int),
        ("place", ctypes.c_uint64),
    )


@cache
def headers(*names: str) -> str:
    """What a translated text needs before it: these files of ``cuda/emulation/``, of which each includes the ones before."""
    folder = files("roikit.kernels").joinpath("cuda", "emulation")
    texts = (folder.joinpath(f"{name}.hpp").read_text(encoding="utf-8") for name in names)
    lines = "".join(texts).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(('#include "', "#pragma once")))


@cache
def module_of(ptx: str) -> Module:
    """The kernels of a PTX text, read once in a process."""
    return parse(ptx)


class Program:
    """The kernels of a PTX text, ready to run."""

    def __init__(self, ptx: str, *, forgiving: bool = False) -> None:
        """Translates and compiles them.

        Args:
            ptx: The text.
            forgiving: Whether several threads may store what is in a place of global memory anyway.

        Raises:
            PtxError: an instruction is not known.
            CompilerNotFoundError: there is no C++ compiler.
        """
        self.module = module_of(ptx)
        name = next(iter(self.module.kernels), "nothing")
        flags = (*FLAGS, *host.machine_flags(), *(("-DEQUAL_STORES_ARE_READS",) if forgiving else ()))
        text = headers("numbers", "memory", "blocks") + translate(self.module)
        self._library = host.load(text, f"ptx-{name}", flags)

    def launch(
        self,
        name: str,
        grid: Sequence[int],
        block: Sequence[int],
        params: bytes,
        arrays: Sequence[Array],
        shared_bytes: int = 0,
    ) -> None:
        """Runs the kernel ``name`` and returns when it is done.

        Args:
            name: Of a kernel.
            grid: Blocks along x, y, z.
            block: Threads of a block along x, y, z.
            params: Its parameters behind each other, each aligned.
            arrays: All memory that it may touch.
            shared_bytes: Shared memory besides its own variables.

        Raises:
            EmulationError: it did what it must not.
            MemoryError: there is not enough to watch it.
            ValueError: the launch does not fit the kernel.
        """
        kernel = self.module.kernels[name]
        if len(params) < parameters_of(kernel).size:
            raise ValueError(f"{name} takes {parameters_of(kernel).size} bytes of parameters, not {len(params)}")
        if kernel.most_threads and math.prod(block) > kernel.most_threads:
            raise ValueError(f"{name} takes blocks of at most {kernel.most_threads} threads, not {math.prod(block)}")
        regions = (_Region * len(arrays))(
            *(_Region(each.address, each.size, _address_of(each.defined), None) for each in arrays)
        )
        words = (ctypes.c_uint64 * (len(params) // 8 + 1))()  # aligned for every parameter
        ctypes.memmove(words, params, len(params))
        shared = shared_of(self.module, kernel).size + shared_bytes
        launch = _Launch(ctypes.addressof(words), len(params), shared, regions, len(arrays), tuple(grid), tuple(block))
        report = _Report()
        run = self._library[f"emulate_{name}"]
        run.restype = None
        run(ctypes.byref(launch), ctypes.byref(report))
        if report.fault:
            raise self._error(name, report, arrays)

    def _error(self, name: str, report: _Report, arrays: Sequence[Array]) -> Exception:
        fault = _FAULTS[report.fault]
        if fault == "no memory":
            return MemoryError("no memory to watch the arrays of a launch")
        what = {
            "outside": "{access} of {bytes} bytes is out of bounds: {place}",
            "misaligned": "{access} of {bytes} bytes is not aligned: {place}",
            "unwritten": "{access} of {bytes} bytes is of what was never written: {place}",
            "race": "{access} of {bytes} bytes races with {other}: {place}",
            "left behind": "a barrier is not reached by {other}, which has ended",
            "torn": "threads of a warp wait at different barriers, {other} at another",
        }[fault].format(
            access=f"{_SPACES[report.space]} {_KINDS[report.kind]}",
            bytes=report.bytes,
            place=_place(report, arrays),
            other="several threads" if report.other_thread == _SEVERAL else f"thread number {report.other_thread - 1}",
        )
        line = self.module.lines[report.line - 1].strip()
        where = f"{name}, block {tuple(report.block)}, thread {tuple(report.thread)}"
        return EmulationError(f"{where}, line {report.line} of its PTX: {what}\n    {line}")


def _address_of(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


def _place(report: Any, arrays: Sequence[Array]) -> str:
    if report.region != _NOT_A_REGION:
        array = arrays[report.region]
        return f"byte {report.place} of {array.name}, which has {array.size}"
    if _SPACES[report.space] == "global":
        beyond = (each for each in arrays if each.address <= report.place)
        nearest = max(beyond, key=lambda each: each.address, default=None)
        if nearest is None:
            return f"address {report.place:#x} is before all arrays of the launch"
        return (
            f"{report.place - nearest.address - nearest.size} bytes after {nearest.name}, and in no array of the launch"
        )
    return f"byte {report.place}"


_programs: dict[tuple[str, bool], Program] = {}
_compiling = threading.Lock()


def program(ptx: str, *, forgiving: bool = False) -> Program:
    """The kernels of a PTX text, compiled once in a process, as `Program` is told."""
    with _compiling:
        if (ptx, forgiving) not in _programs:
            _programs[ptx, forgiving] = Program(ptx, forgiving=forgiving)
        return _programs[ptx, forgiving]
