"""The text of PTX, as NVRTC writes it, read into kernels: parameters, variables, and statements in order."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class PtxError(Exception):
    """PTX that is not understood. The message names what is not, and its line."""


@dataclass(frozen=True, slots=True)
class Register:
    """A register; ``name`` is unique in its kernel, whatever scope it is of. ``type`` is as declared, such as ``b32``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Name:
    """A number, a label, a special register, or what stands for an address."""

    text: str


@dataclass(frozen=True, slots=True)
class Address:
    """What is in brackets."""

    base: Register | Name | None
    offset: int


@dataclass(frozen=True, slots=True)
class Vector:
    """What is in braces."""

    parts: tuple[Register | Name, ...]


Operand = Register | Name | Address | Vector


@dataclass(frozen=True, slots=True)
class Label:
    """Where branches go."""

    name: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction.

    Attributes:
        line: Of the text, from 1.
        opcode: With all that follows dots, such as ``ld.global.f32``.
        operands: In order; where results go comes first.
        guard: The predicate without which nothing is done, if it has one, and
        negated: whether nothing is done with it.
        used_bytes: A bit for each byte of a load that matters.
        source_line: The line of the CUDA text that it comes from; 0 if the text does not say (``-lineinfo`` has it say so).
    """

    line: int
    opcode: str
    operands: tuple[Operand, ...]
    guard: Register | None = None
    negated: bool = False
    used_bytes: int = -1
    source_line: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """Memory with a name; of no ``size`` if a launch says how large it is."""

    name: str
    alignment: int
    size: int


@dataclass(slots=True)
class Kernel:
    """A kernel.

    Attributes:
        name: Its name.
        parameters: In order.
        most_threads: That a block may have; 0 if the text does not say.
        shared: Variables in shared memory that are its own.
        local: Variables that each thread has.
        registers: All of them that occur, by name.
        body: Its statements.
    """

    name: str
    parameters: tuple[Variable, ...]
    most_threads: int
    shared: list[Variable] = field(default_factory=list)
    local: list[Variable] = field(default_factory=list)
    registers: dict[str, Register] = field(default_factory=dict)
    body: list[Instruction | Label] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Module:
    """Kernels of a text, and the shared variables that are declared before them."""

    kernels: Mapping[str, Kernel]
    shared: tuple[Variable, ...]
    lines: Sequence[str]


_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ENTRY = re.compile(r"\.entry\s+(?P<name>[\w$]+)\s*\((?P<parameters>[^)]*)\)(?P<directives>[^{]*)\{")
_DECLARED = re.compile(
    r"(?:\.extern\s+)?\.(?P<space>shared|param|global|const|local)\s+(?:\.align\s+(?P<alignment>\d+)\s+)?"
    r"\.(?P<type>[a-z]+\d+)\s+(?:\.ptr\s+(?:\.(?:global|shared|const|local)\s+)?(?:\.align\s+\d+\s+)?)?"
    r"(?P<name>[A-Za-z_$][\w$]*)(?P<array>\[(?P<count>\d*)\])?"
)
_MOST_THREADS = re.compile(r"\.maxntid\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?")
_STATEMENT = re.compile(
    r"\s*(?:(?P<open>\{)|(?P<close>\})|\.loc\s+\d+\s+(?P<source_line>\d+)\s[^\n]*|(?P<label>[\w$%]+):(?!:)|"
    r"(?P<text>[^\s;{}][^;{}]*(?:\{[^;{}]*\}[^;{}]*)*);)"
)
_INSTRUCTION = re.compile(
    r"(?:@(?P<negated>!?)(?P<guard>[\w$%]+)\s+)?(?P<opcode>[a-z]\w*(?:(?:\.|::)\w+)*)\s*(?P<operands>.*)", re.DOTALL
)
_REGISTERS = re.compile(r"\.reg\s+\.(?P<type>\w+)\s+(?P<names>.*)", re.DOTALL)
_FAMILY = re.compile(r"(?P<prefix>[\w$%]+)<(?P<count>\d+)>")
_USED = re.compile(r'\.pragma\s+"used_bytes_mask (?P<mask>\w+)"')
_SPLIT = re.compile(r",\s*(?![^{\[]*[}\]])")
_BRACKETS = re.compile(r"\[\s*(?P<base>[\w$%.]+?)\s*(?:\+\s*(?P<offset>-?\w+)\s*)?\]")


def _bytes(type_name: str) -> int:
    return int(type_name.lstrip("bsuf")) // 8


def _variable(match: re.Match[str]) -> Variable:
    size = _bytes(match["type"])
    count = int(match["count"] or 0) if match["array"] else 1
    return Variable(match["name"], int(match["alignment"] or size), size * count)


class _Scopes:
    """The registers that are known at a place of a kernel: those of scopes that are open, the innermost first."""

    def __init__(self) -> None:
        self._open: list[tuple[dict[str, str], dict[str, str], str]] = []
        self._count = 0

    def open(self) -> None:
        """Begins a scope. What is declared in the outermost keeps its names."""
        self._open.append(({}, {}, f"_{self._count}" if self._count else ""))
        self._count += 1

    def close(self) -> bool:
        """Ends a scope; whether one is still open."""
        self._open.pop()
        return bool(self._open)

    def declare(self, type_name: str, names: str) -> None:
        """Takes up what ``.reg`` declares."""
        single, families, _ = self._open[-1]
        for name in names.split(","):
            if family := _FAMILY.fullmatch(name.strip()):
                families[family["prefix"]] = type_name
            else:
                single[name.strip()] = type_name

    def find(self, name: str) -> Register | None:
        """The register that is called so here."""
        for single, families, suffix in reversed(self._open):
            declared = single.get(name) or families.get(name.rstrip("0123456789"))
            if declared:
                return Register(re.sub(r"\W", "R", name) + suffix, declared)
        return None


class _Reader:
    """Reads the body of a kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel, self._scopes, self._used, self._source_line = kernel, _Scopes(), -1, 0
        self._scopes.open()

    def statement(self, match: re.Match[str], line: int) -> bool:
        """Takes up a statement; whether the kernel goes on after it."""
        if match["open"]:
            self._scopes.open()
        elif match["close"]:
            return self._scopes.close()
        elif match["source_line"]:
            self._source_line = int(match["source_line"])
        elif match["label"]:
            self._kernel.body.append(Label(match["label"]))
        elif match["text"].startswith("."):
            self._directive(match["text"], line)
        else:
            self._kernel.body.append(self._instruction(match["text"], line))
        return True

    def _directive(self, text: str, line: int) -> None:
        if registers := _REGISTERS.fullmatch(text):
            self._scopes.declare(registers["type"], registers["names"])
        elif used := _USED.fullmatch(text):
            self._used = int(used["mask"], 0)
        elif (declared := _DECLARED.match(text)) and declared["space"] in ("shared", "local"):
            own = self._kernel.shared if declared["space"] == "shared" else self._kernel.local
            own.append(_variable(declared))
        elif text.split(maxsplit=1)[0] != ".pragma":
            raise PtxError(f"line {line}: {text} is not known")

    def _instruction(self, text: str, line: int) -> Instruction:
        match = _INSTRUCTION.fullmatch(text.strip())
        if match is None:
            raise PtxError(f"line {line}: {text} is not an instruction")
        operands = tuple(self._operand(part.strip(), line) for part in _SPLIT.split(match["operands"]) if part.strip())
        guard = self._register(match["guard"]) if match["guard"] else None
        if match["guard"] and guard is None:
            raise PtxError(f"line {line}: {match['guard']} is no register")
        used, self._used = self._used, -1
        return Instruction(line, match["opcode"], operands, guard, bool(match["negated"]), used, self._source_line)

    def _register(self, name: str) -> Register | None:
        register = self._scopes.find(name)
        if register:
            self._kernel.registers[register.name] = register
        return register

    def _plain(self, text: str) -> Register | Name:
        return self._register(text) or Name(text)

    def _operand(self, text: str, line: int) -> Operand:
        if text.startswith("{"):
            return Vector(tuple(self._plain(part.strip()) for part in text.strip("{}").split(",")))
        if not text.startswith("["):
            return self._plain(text)
        match = _BRACKETS.fullmatch(text)
        if match is None:
            raise PtxError(f"line {line}: {text} is no address")
        if match["base"].isdecimal():
            return Address(None, int(match["base"]))
        return Address(self._plain(match["base"]), int(match["offset"] or "0", 0))


def _statements(text: str, begin: int) -> Iterator[re.Match[str]]:
    """The statements of a body, from its first to whatever comes last in the text."""
    while match := _STATEMENT.match(text, begin):
        yield match
        begin = match.end()


def parse(text: str) -> Module:
    """The kernels of a PTX text.

    Raises:
        PtxError: something of it is not understood.
    """
    text = text.rstrip("\0")
    bare = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    newlines = [match.start() for match in re.finditer("\n", bare)]
    kernels: dict[str, Kernel] = {}
    outside, after = [], 0
    for entry in _ENTRY.finditer(bare):
        outside.append(bare[after : entry.start()])
        most = _MOST_THREADS.search(entry["directives"])
        threads = 1
        for extent in most.groups() if most else ("0",):
            threads *= int(extent or 1)
        parameters = tuple(_variable(each) for each in _DECLARED.finditer(entry["parameters"]))
        kernel = kernels[entry["name"]] = Kernel(entry["name"], parameters, threads)
        reader, after = _Reader(kernel), entry.end()
        for match in _statements(bare, entry.end()):
            after = match.end()
            begin = match.start("text") if match["text"] else match.start()
            if not reader.statement(match, bisect_left(newlines, begin) + 1):
                break
        else:
            raise PtxError(f"line {bisect_left(newlines, after) + 2}: what follows is not understood")
    declared = (each for part in (*outside, bare[after:]) for each in _DECLARED.finditer(part))
    shared = tuple(_variable(each) for each in declared if each["space"] == "shared")
    return Module(kernels, shared, text.splitlines())
