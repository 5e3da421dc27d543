"""Runs kernels of a PTX text by warps, and counts what a GPU would have to do: instructions, lanes, requests of memory, waits.

What is assumed of a GPU:

* The threads of a warp run in step. Those that part at a branch wait for each other at its immediate post-dominator.
* An instruction with a guard is issued whether or not a lane does what it says; only those lanes are counted that do.
* The warps of a block take turns, a basic block each; blocks run one after the other.
* A request of global memory is for the distinct 32-byte sectors of its lanes, and takes a wavefront for each 128-byte line.
* Shared memory has 32 banks of 4 bytes. Lanes that ask for 8 bytes are served by halves of the warp, for 16 by quarters; each
  takes as many wavefronts as the most distinct words that it asks of a bank, but for words that an earlier one was given.
* Loads of global memory go through a cache that each block has for itself, empty when it begins: lines of 128 bytes, filled by
  sectors, in sets of 16, of which the one used longest ago makes room. Stores are written through and leave no line. Atomic
  operations go past it. What follows it has room for everything: a sector comes from memory once.
* A warp waits at the first instruction that reads what a load has not brought, until that load and all before it, of its kind of
  memory, have arrived; other loads stay on their way. In a basic block loads come as early as registers and stores allow, as an
  assembler would have them.
"""

from __future__ import annotations

import ctypes
import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from ..execution import host
from .executor import FLAGS, EmulationError, headers, module_of
from .translate import ATOMIC, MEMORY, parameters_of, shared_of
from .warps import WarpCode, translate_warps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .executor import Array
    from .ptx import Instruction

_Key = TypeVar("_Key")

SECTOR_BYTES = 32
_LINE_BYTES = 128
_FETCHED, _WRITTEN = 1, 2  # of requests.hpp
_FAULTS = (
    "",
    "reaches what is not its own",
    "waits at a barrier without its whole warp",
    "parts too often",
    "no memory",
)
_SPACES = ("global", "shared")
_PLASTIC = 1.32471795724474602596  # whose cube is itself and 1


class Requests(NamedTuple):
    """What warps asked of memory.

    Attributes:
        requests: How often a warp asked.
        lanes: How many of its lanes did.
        bytes: What these asked for.
        sectors: Sectors of global memory, 32 bytes each.
        wavefronts: Cycles in which memory beside the multiprocessor serves them, one for each line or set of banks.
        least: The same without bank conflicts.
        sent: Sectors that were sent on to the L2 cache.
    """

    requests: int = 0
    lanes: int = 0
    bytes: int = 0
    sectors: int = 0
    wavefronts: int = 0
    least: int = 0
    sent: int = 0

    def __add__(self, other: object) -> Requests:
        if not isinstance(other, Requests):
            return NotImplemented
        return Requests(*(a + b for a, b in zip(self, other, strict=True)))


class Loads(NamedTuple):
    """How loads of a kind of memory follow each other.

    Attributes:
        waits: How often a warp had to wait for one.
        flying: How many were on their way then, summed over these waits.
        depth: The most loads of which each needs what the one before brought.
    """

    waits: int
    flying: int
    depth: int


class Traffic(NamedTuple):
    """Sectors of an array: how many it has, and how many of these came from memory, and were written, at least once."""

    name: str
    sectors: int
    fetched: int
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the blocks that ran of a launch did.

    Attributes:
        kernel: Its name.
        blocks: All blocks of its grid.
        ran: Those that ran.
        threads: Of a block.
        shared_bytes: Of a block.
        issued: Instructions that warps issued, by kinds.
        lanes: Instructions that threads ran.
        requests: By what was done and to which memory, such as ``load global``.
        loads: Of ``global`` and ``shared`` memory.
        traffic: Of each array.
        issued_of_block: Instructions of each block that ran.
        issued_of_line: Instructions by lines of the CUDA text, if the PTX says from which each comes.
    """

    kernel: str
    blocks: int
    ran: int
    threads: int
    shared_bytes: int
    issued: Mapping[str, int]
    lanes: int
    requests: Mapping[str, Requests]
    loads: Mapping[str, Loads]
    traffic: Sequence[Traffic]
    issued_of_block: Sequence[int]
    issued_of_line: Mapping[int, int] = field(default_factory=dict)

    @property
    def instructions(self) -> int:
        """All instructions that warps issued."""
        return sum(self.issued.values())


class _Region(ctypes.Structure):
    _fields_ = (("begin", ctypes.c_uint64), ("size", ctypes.c_uint64), ("touched", ctypes.c_void_p))


class _Launch(ctypes.Structure):
    _fields_ = (
        ("params", ctypes.c_void_p),
        ("params_size", ctypes.c_uint64),
        ("shared_size", ctypes.c_uint64),
        ("regions", ctypes.POINTER(_Region)),
        *(
            (name, ctypes.c_void_p)
            for name in ("chosen", "issued_of_block", "issued", "lanes", "guarded", "tallies", "loads")
        ),
        *((name, ctypes.c_uint32) for name in ("regions_count", "chosen_count", "cache_lines")),
        ("grid", ctypes.c_uint32 * 3),
        ("block", ctypes.c_uint32 * 3),
    )


class _Report(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_uint32) for name in ("fault", "line", "thread")), ("block", ctypes.c_uint32 * 3))


def sample(grid: Sequence[int], most: int) -> np.ndarray:
    """Numbers of at most so many blocks of a grid, in order, spread evenly along x and over the rest; always the same.

    They are a lattice by the plastic number, which keeps no step with the width of a grid.
    """
    blocks = math.prod(grid)
    if blocks <= most:
        return np.arange(blocks, dtype=np.uint64)
    along_x, over_rest = (
        (np.modf(np.arange(1, most + 1) / _PLASTIC**power)[0] * extent).astype(np.uint64)
        for power, extent in ((1, grid[0]), (2, blocks // grid[0]))
    )
    return np.unique(along_x + np.uint64(grid[0]) * over_rest)


class _Tables:
    """What the C++ side counts into."""

    def __init__(self, code: WarpCode, arrays: Sequence[Array], chosen: np.ndarray) -> None:
        self.chosen = np.ascontiguousarray(chosen, np.uint64)
        self.issued_of_block = np.zeros(len(chosen), np.uint64)
        self.issued = np.zeros(len(code.blocks), np.uint64)
        self.lanes = np.zeros(len(code.blocks), np.uint64)
        self.guarded = np.zeros(len(code.guarded) + 1, np.uint64)
        self.tallies = np.zeros((len(code.requests) + 1, len(_SPACES), len(Requests._fields)), np.uint64)
        self.loads = np.zeros((len(Loads._fields), len(_SPACES)), np.uint64)
        self.touched = [np.zeros(_sectors(array), np.uint8) for array in arrays]
        self.regions = (_Region * len(arrays))(
            *(
                _Region(array.address, array.size, touched.ctypes.data)
                for array, touched in zip(arrays, self.touched, strict=True)
            )
        )

    @property
    def addresses(self) -> tuple[int, ...]:
        """Of the arrays, in the order of the struct."""
        tables = (self.chosen, self.issued_of_block, self.issued, self.lanes, self.guarded, self.tallies, self.loads)
        return tuple(table.ctypes.data for table in tables)


def _sectors(array: Array) -> int:
    """How many sectors there are from the line that an array begins in to its end."""
    return (array.address % _LINE_BYTES + array.size - 1) // SECTOR_BYTES + 1


class CountingProgram:
    """The kernels of a PTX text, ready to be counted."""

    def __init__(self, ptx: str) -> None:
        """Translates and compiles them.

        Raises:
            PtxError: an instruction is not known.
            CompilerNotFoundError: there is no C++ compiler.
        """
        self._module = module_of(ptx)
        self._codes = {name: WarpCode.of(kernel) for name, kernel in self._module.kernels.items()}
        name = next(iter(self._codes), "nothing")
        text = headers("numbers", "requests", "warps") + translate_warps(self._module, self._codes)
        self._library = host.load(text, f"warps-{name}", (*FLAGS, *host.machine_flags()))

    def launch(
        self,
        name: str,
        grid: Sequence[int],
        block: Sequence[int],
        params: bytes,
        arrays: Sequence[Array],
        shared_bytes: int = 0,
        *,
        chosen: np.ndarray | None = None,
        cache_bytes: int = 0,
    ) -> Counts:
        """Runs blocks of the kernel ``name``, and returns what they did.

        Args:
            name: Of a kernel.
            grid: Blocks along x, y, z.
            block: Threads of a block along x, y, z.
            params: Its parameters behind each other, each aligned.
            arrays: All memory that it may touch.
            shared_bytes: Shared memory besides its own variables.
            chosen: Numbers of the blocks that run, counted along x first; all unless given.
            cache_bytes: Room of the cache that a block has for itself; 0 for none.

        Raises:
            EmulationError: a thread reached memory that is not its own, or a barrier alone.
            MemoryError: there is not enough.
            ValueError: there are too few parameters.
        """
        kernel, code = self._module.kernels[name], self._codes[name]
        if len(params) < parameters_of(kernel).size:
            raise ValueError(f"{name} takes {parameters_of(kernel).size} bytes of parameters, not {len(params)}")
        blocks = math.prod(grid)
        tables = _Tables(code, arrays, sample(grid, blocks) if chosen is None else chosen)
        words = (ctypes.c_uint64 * (len(params) // 8 + 1))()  # aligned for every parameter
        ctypes.memmove(words, params, len(params))
        shared = shared_of(self._module, kernel).size + shared_bytes
        launch = _Launch(
            ctypes.addressof(words), len(params), shared, tables.regions, *tables.addresses,
            len(arrays), len(tables.chosen), cache_bytes // _LINE_BYTES, tuple(grid), tuple(block),
        )  # fmt: skip
        report = _Report()
        run = self._library[f"count_{name}"]
        run.restype = None
        run(ctypes.byref(launch), ctypes.byref(report))
        if report.fault:
            raise self._error(name, report)
        return Counts(
            kernel=name,
            blocks=blocks,
            ran=len(tables.chosen),
            threads=math.prod(block),
            shared_bytes=shared,
            issued=_issued(code, tables, kind_of),
            lanes=_lanes(code, tables),
            requests=_requests(code, tables),
            loads={space: Loads(*tables.loads[:, i].tolist()) for i, space in enumerate(_SPACES)},
            traffic=[
                Traffic(
                    array.name, len(touched), *(int(np.count_nonzero(touched & bit)) for bit in (_FETCHED, _WRITTEN))
                )
                for array, touched in zip(arrays, tables.touched, strict=True)
            ],
            issued_of_block=tables.issued_of_block.tolist(),
            issued_of_line=_issued(code, tables, lambda instruction: instruction.source_line),
        )

    def _error(self, name: str, report: _Report) -> Exception:
        fault = _FAULTS[report.fault]
        if fault == "no memory":
            return MemoryError("no memory to count a launch")
        line = self._module.lines[report.line - 1].strip()
        where = f"{name}, block {tuple(report.block)}, thread number {report.thread}, line {report.line} of its PTX"
        return EmulationError(f"{where}: {fault}\n    {line}")


def _issued(code: WarpCode, tables: _Tables, key: Callable[[Instruction], _Key]) -> dict[_Key, int]:
    """How many instructions were issued, by what ``key`` says of each."""
    found: dict[_Key, int] = {}
    for block, times in zip(code.blocks, tables.issued.tolist(), strict=True):
        for instruction in block.instructions:
            found[key(instruction)] = found.get(key(instruction), 0) + times
    return found


def _lanes(code: WarpCode, tables: _Tables) -> int:
    guarded = {id(each) for each in code.guarded}
    of_blocks = sum(
        lanes * sum(id(each) not in guarded for each in block.instructions)
        for block, lanes in zip(code.blocks, tables.lanes.tolist(), strict=True)
    )
    return int(of_blocks + tables.guarded.sum())


def _requests(code: WarpCode, tables: _Tables) -> dict[str, Requests]:
    found: dict[str, Requests] = {}
    for instruction, tallies in zip(code.requests, tables.tallies.tolist(), strict=False):
        for space, tally in zip(_SPACES, tallies, strict=True):
            what = f"{_done(instruction)} {space}"
            found[what] = found.get(what, Requests()) + Requests(*tally)
    return {what: requests for what, requests in found.items() if requests.requests}


def _done(instruction: Instruction) -> str:
    """What an instruction does to memory."""
    return {"ld": "load", "st": "store"}.get(instruction.opcode.split(".")[0], "atomic")


_KINDS = {
    **dict.fromkeys(("bra", "ret", "exit"), "branch"),
    **dict.fromkeys(("mov", "cvta"), "move"),
    **dict.fromkeys(("setp", "selp"), "compare"),
    "bar": "barrier",
    "fma": "fma",
    "cvt": "convert",
}
"""Kinds of instructions by how they begin; others are of floating-point or whole numbers by the type at their end."""


def kind_of(instruction: Instruction) -> str:
    """The kind of an instruction, such as ``fma``, ``integer``, ``load global``."""
    opcode = instruction.opcode
    if match := MEMORY.fullmatch(opcode) or ATOMIC.fullmatch(opcode):
        return f"{_done(instruction)} {match['space'] or 'generic'}"
    name, *rest = opcode.split(".")
    return _KINDS.get(name) or ("float" if rest[-1] in ("f32", "f64") else "integer")


_programs: dict[str, CountingProgram] = {}
_compiling = threading.Lock()


def counting_program(ptx: str) -> CountingProgram:
    """The kernels of a PTX text, compiled once in a process."""
    with _compiling:
        if ptx not in _programs:
            _programs[ptx] = CountingProgram(ptx)
        return _programs[ptx]
