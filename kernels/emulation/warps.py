"""PTX as C++ that warps run in step: a function for each basic block, which runs it for one lane and says which comes next.

What `translate` makes of an instruction stays as it is; it is run for registers that outlive a basic block, and what reaches
memory leaves a note, by which `cuda/emulation/warps.hpp` counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .flow import basic_blocks
from .instructions import unsigned
from .ptx import Address, Register, Vector
from .translate import ATOMIC, MEMORY, Translator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .flow import BasicBlock
    from .ptx import Instruction, Kernel, Module, Operand

_NO_LOAD = 0xFFFF
_CONTROL = ("bra", "bra.uni", "ret", "exit", "bar.sync")


def is_request(instruction: Instruction) -> bool:
    """Whether an instruction asks global or shared memory for something; parameters are constants."""
    if match := MEMORY.fullmatch(instruction.opcode):
        return match["space"] != "param"
    return ATOMIC.fullmatch(instruction.opcode) is not None


@dataclass(frozen=True, slots=True)
class WarpCode:
    """What is counted of a kernel, in the order in which counts come back.

    Attributes:
        blocks: Its basic blocks.
        requests: The instructions that reach global or shared memory.
        guarded: Those that a predicate may keep a lane from, but for branches.
        registers: Names of its registers.
    """

    blocks: Sequence[BasicBlock]
    requests: Sequence[Instruction]
    guarded: Sequence[Instruction]
    registers: Sequence[str]

    @classmethod
    def of(cls, kernel: Kernel) -> WarpCode:
        """That of a kernel."""
        blocks = basic_blocks(kernel)
        instructions = [instruction for block in blocks for instruction in block.instructions]
        return cls(
            blocks,
            [each for each in instructions if is_request(each)],
            [each for each in instructions if each.guard is not None and each.opcode not in _CONTROL],
            list(kernel.registers),
        )


class _WarpTranslator(Translator):
    """Writes the basic blocks of a kernel."""

    def __init__(self, module: Module, kernel: Kernel, code: WarpCode) -> None:
        super().__init__(module, kernel)
        self._registers, self._code = kernel.registers, code
        self._request = {id(each): number for number, each in enumerate(code.requests)}
        self._guard = {id(each): number for number, each in enumerate(code.guarded)}
        self._block = code.blocks[0]

    def text(self, name: str) -> str:
        """The registers of a lane, with a method for each basic block, and the table of these."""
        lines = [f"struct Registers_{name} {{"]
        lines += [f"    {unsigned(register.type)} {register.name};" for register in self._registers.values()]
        steps = []
        for number, block in enumerate(self._code.blocks):
            self._block = block
            lines.append(f"    u32 block_{number}(Thread& self) {{")
            lines += [f"        {self._guarded(each)}" for each in block.instructions]
            lines += [f"        return {block.successors[-1]}u;", "    }"]
            steps.append(self._step(name, number))
        numbers = {register: number for number, register in enumerate(self._code.registers)}
        flows = (
            _flow_text(f"flow_{name}_{i}", block, numbers, self._request) for i, block in enumerate(self._code.blocks)
        )
        table = f"static const Step steps_{name}[] = {{\n" + ",\n".join(steps) + "\n};"
        counts = f"{len(steps)}u, {len(self._code.registers)}u, {len(self._code.requests)}u"
        code = f"static const Code code_{name} = {{steps_{name}, {counts}, sizeof(Registers_{name})}};"
        return "\n".join((*lines, "};", *flows, table, code, ""))

    def _step(self, name: str, number: int) -> str:
        block = self._block
        asked = [self._request[id(each)] for each in block.instructions if id(each) in self._request]
        first, end = (asked[0], asked[-1] + 1) if asked else (0, 0)
        line = block.instructions[-1].line if block.instructions else 0
        run = f"each<Registers_{name}, &Registers_{name}::block_{number}>"
        counts = f"{block.meets}u, {int(block.waits)}u, {len(block.instructions)}u, {first}u, {end}u, {line}u"
        return f"    {{{run}, {counts}, flow_{name}_{number}}}"

    def _control(self, instruction: Instruction) -> str:
        if instruction.opcode == "bar.sync":
            return super()._control(instruction) and ";"
        return f"return {self._block.successors[0]}u;" if instruction.opcode in _CONTROL else ""

    def _reaching(self, instruction: Instruction) -> str:
        code, number = super()._reaching(instruction), self._request.get(id(instruction))
        return code if number is None else f"self.at = {number}u; {code}"

    def _guarded(self, instruction: Instruction) -> str:
        number = self._guard.get(id(instruction))
        if number is None:
            return super()._guarded(instruction)
        does = f"++self.block->launch->guarded[{number}]; {self._instruction(instruction)}"
        return f"if ({'!' if instruction.negated else ''}{instruction.guard.name}) {{ {does} }}"  # type: ignore[union-attr]


def _registers_in(operands: Iterable[Operand]) -> Iterator[str]:
    for operand in operands:
        if isinstance(operand, Register):
            yield operand.name
        elif isinstance(operand, Vector):
            yield from _registers_in(operand.parts)
        elif isinstance(operand, Address) and isinstance(operand.base, Register):
            yield operand.base.name


def reads_and_writes(instruction: Instruction) -> tuple[list[str], list[str]]:
    """The names of the registers that an instruction reads, its guard among them, and of those it writes."""
    writes_memory = instruction.opcode.startswith(("st.", "red."))
    results = 0 if writes_memory or instruction.opcode in _CONTROL else 1
    reads = list(_registers_in(instruction.operands[results:]))
    if instruction.guard is not None:
        reads.append(instruction.guard.name)
    return reads, list(_registers_in(instruction.operands[:results]))


def scheduled(instructions: Sequence[Instruction]) -> list[Instruction]:
    """The instructions of a basic block in an order in which an assembler may put them: loads as early as can be.

    Nothing comes before what it needs of registers, and nothing that reaches memory before a store. Of what is left, that
    comes first which needs the fewest loads of the block one after the other.
    """
    levels: list[int] = []
    written: dict[str, int] = {}  # the least level of who reads what was written last
    used: dict[str, int] = {}  # the highest level of who reads or writes a register
    stored = 0
    for instruction in instructions:
        reads, writes = reads_and_writes(instruction)
        level = max((written.get(register, 0) for register in reads), default=0)
        level = max((level, *(used.get(register, 0) for register in writes)))
        if is_request(instruction):
            level = max(level, stored)
            if not instruction.opcode.startswith("ld"):
                stored = level = max((level, *levels))
        levels.append(level)
        for register in (*reads, *writes):
            used[register] = max(level, used.get(register, 0))
        for register in writes:
            written[register] = level + (is_request(instruction) and instruction.opcode.startswith("ld"))
    order = sorted(range(len(instructions)), key=levels.__getitem__)
    return [instructions[place] for place in order]


def _flow_text(name: str, block: BasicBlock, numbers: Mapping[str, int], requests: Mapping[int, int]) -> str:
    """The table by which loads are followed through the registers of a basic block: see `follow` of ``warps.hpp``."""
    flow: list[int] = []
    for instruction in scheduled(block.instructions):
        reads, writes = ([numbers[register] for register in side] for side in reads_and_writes(instruction))
        load = requests.get(id(instruction), _NO_LOAD) if writes else _NO_LOAD
        flow += [len(reads), *reads, len(writes), *writes, load]
    return f"static const u16 {name}[] = {{{', '.join(map(str, (*flow, _NO_LOAD)))}}};"


def translate_warps(module: Module, codes: Mapping[str, WarpCode]) -> str:
    """The C++ text of all kernels of a module, to be run by warps. Each has an entry point that runs a launch, ``count_NAME``.

    Raises:
        PtxError: an instruction is not known, or its operands are not.
    """
    parts = ["using namespace ptx;", ""]
    for name, kernel in module.kernels.items():
        parts.append(_WarpTranslator(module, kernel, codes[name]).text(name))
        parts.append(
            f'extern "C" void count_{name}(const Launch* launch, Report* report) {{\n'
            f"    run(code_{name}, launch, report);\n}}\n"
        )
    return "\n".join(parts)
