"""Compiles a kernel's source to machine code for any GPU, without one, and says what it needs there.

Uses NVRTC through ``cuda-core`` (the ``nvrtc`` extra), which needs no driver.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .device import OPTIONS
from .errors import CompilationError

if TYPE_CHECKING:
    from .source import Source

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
"""The GPU architectures that every specialisation must compile for."""

_SPILLS = re.compile(r"(\d+) bytes spill stores, (\d+) bytes spill loads")
_STACK = re.compile(r"(\d+) bytes stack frame")
_REGISTERS = re.compile(r"Used (\d+) registers")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the assembler says of a kernel: registers per thread; bytes of stack and of spilled registers; code size."""

    registers: int
    stack_bytes: int
    spill_bytes: int
    code_bytes: int


def compile_for(source: Source, architecture: str) -> Facts:
    """Compiles ``source`` for ``architecture`` (``"sm_90"``) and returns the assembler's facts.

    Raises:
        CompilationError: NVRTC refused the source, or printed no facts.
    """
    from cuda.core import Program, ProgramOptions

    standard = next(option.removeprefix("-std=") for option in OPTIONS if option.startswith("-std="))
    options = ProgramOptions(arch=architecture, std=standard, ftz=True, ptxas_options=["-v"])
    log = io.StringIO()
    try:
        code = Program(source.text, "c++", options).compile("cubin", logs=log).code
    except Exception as error:  # cuda-core has no common base for NVRTC's errors
        raise CompilationError(f"NVRTC did not compile {source.entry} for {architecture}:\n{error}") from error
    text = log.getvalue()
    registers, stack, spills = (pattern.search(text) for pattern in (_REGISTERS, _STACK, _SPILLS))
    if registers is None or stack is None or spills is None:
        raise CompilationError(f"NVRTC said nothing about {source.entry} for {architecture}:\n{text}")
    return Facts(int(registers[1]), int(stack[1]), int(spills[1]) + int(spills[2]), len(code))
