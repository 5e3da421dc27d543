"""Compiles a kernel's source to machine code for any GPU, without one, and says what it needs there.

Uses NVRTC through ``cuda-core`` (the ``nvrtc`` extra), which needs no driver. What only a disassembly tells needs ``nvdisasm``
besides, which comes with that extra too; without it that is None.
"""

from __future__ import annotations

import io
import re
import struct
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from roikit.kernels.errors import CompilationError
from roikit.kernels.execution.device import OPTIONS

from . import sass

if TYPE_CHECKING:
    from roikit.kernels.execution.source import Source

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
"""The GPU architectures that every specialisation must compile for."""

_SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
_STACK = re.compile(r"(\d+) bytes stack frame")
_REGISTERS = re.compile(r"Used (\d+) registers")
_SHARED = re.compile(r"(\d+) bytes smem")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the assembler says of a kernel.

    Attributes:
        registers: Of a thread.
        stack_bytes: Of a thread.
        spill_bytes: Of registers of a thread that are stored in memory and read back.
        static_shared_bytes: Shared memory that every block has, whatever a launch asks for besides.
        code_bytes: Size of the machine code.
    """

    registers: int
    stack_bytes: int
    spill_bytes: int
    static_shared_bytes: int
    code_bytes: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A kernel's facts, and its instructions, or None without a disassembler."""

    facts: Facts
    code: sass.Code | None


def _text_bytes(cubin: bytes, entry: str) -> int:
    """The size of the section of an ELF file in which a kernel's code is."""
    offset = struct.unpack_from("<Q", cubin, 0x28)[0]
    size, count, names = struct.unpack_from("<HHH", cubin, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", cubin, offset + i * size) for i in range(count)]
    texts = headers[names][4]
    wanted = f".text.{entry}".encode()
    for name, _, _, _, _, length in headers:
        if cubin[texts + name : cubin.index(0, texts + name)] == wanted:
            return int(length)
    raise CompilationError(f"the machine code has no kernel {entry}")


def _said_of(entry: str, text: str) -> str:
    """What the assembler says of one kernel of a source."""
    return next((part for part in text.split("Compiling entry function") if part.startswith(f" '{entry}'")), "")


_IMPORTING = threading.Lock()  # cuda-core imports itself in circles, and threads that begin together see half of it


@lru_cache(maxsize=4)  # the kernels of a source are asked for one after the other
def _program(text: str, architecture: str, *, lines: bool) -> tuple[str, bytes]:
    """What the assembler says of all kernels of a source, and their machine code."""
    with _IMPORTING:
        from cuda.core import Program, ProgramOptions
    standard = next(option.removeprefix("-std=") for option in OPTIONS if option.startswith("-std="))
    options = ProgramOptions(arch=architecture, std=standard, ftz=True, lineinfo=lines, ptxas_options=["-v"])
    log = io.StringIO()
    cubin = bytes(Program(text, "c++", options).compile("cubin", logs=log).code)
    return log.getvalue(), cubin


def _compile(source: Source, architecture: str, *, lines: bool) -> tuple[Facts, bytes]:
    try:
        said, cubin = _program(source.text, architecture, lines=lines)
    except Exception as error:  # cuda-core has no common base for NVRTC's errors
        raise CompilationError(f"NVRTC did not compile {source.entry} for {architecture}:\n{error}") from error
    text = _said_of(source.entry, said)
    registers, stack, spills = (pattern.search(text) for pattern in (_REGISTERS, _STACK, _SPILLS))
    if registers is None or stack is None or spills is None:
        raise CompilationError(f"NVRTC said nothing about {source.entry} for {architecture}:\n{text}")
    shared = _SHARED.search(text)
    facts = Facts(
        registers=int(registers[1]),
        stack_bytes=int(stack[1]),
        spill_bytes=int(spills[1]) + int(spills[2]),
        static_shared_bytes=int(shared[1]) if shared else 0,
        code_bytes=_text_bytes(cubin, source.entry),
    )
    return facts, cubin


def compile_for(source: Source, architecture: str) -> Facts:
    """Compiles ``source`` for ``architecture`` (``"sm_90"``) and returns the assembler's facts.

    Raises:
        CompilationError: NVRTC refused the source, or printed no facts.
    """
    return _compile(source, architecture, lines=False)[0]


def disassembled_for(source: Source, architecture: str) -> Compiled:
    """Compiles ``source`` and returns its instructions besides its facts; each knows the lines of the source it comes from.

    Raises:
        CompilationError: NVRTC refused the source, or printed no facts.
    """
    facts, cubin = _compile(source, architecture, lines=True)
    code = sass.parse(sass.disassemble(cubin), source.entry) if sass.disassembler() else None
    return Compiled(facts, code)
