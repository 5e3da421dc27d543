"""PTX as C++: a function for each kernel, which runs one thread. Registers are its locals, branches its gotos."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from .instructions import forms, unsigned, width_of
from .ptx import Address, Instruction, Label, Name, PtxError, Register, Vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .instructions import Form
    from .ptx import Kernel, Module, Operand, Variable

MEMORY = re.compile(
    r"(?P<what>ld|st)(?:\.(?P<space>param|global|shared|local))?(?:\.(?:nc|ca|cg|cs|lu|cv|wb|wt|L1::\w+|L2::\w+))*"
    r"(?:\.v(?P<count>[24]))?\.(?P<type>[busf](?:8|16|32|64))"
)
ATOMIC = re.compile(
    r"(?P<what>atom|red)(?:\.relaxed\.gpu)?(?:\.(?P<space>global|shared))?\.(?P<operation>add|min|max|exch|and|or|xor|cas)"
    r"\.(?P<type>[busf](?:32|64))"
)
_COMBINED = {
    "add": "add<{type}>(old, {0})",
    "min": "least<{type}>(old, {0})",
    "max": "greatest<{type}>(old, {0})",
    "and": "(old & {0})",
    "or": "(old | {0})",
    "xor": "(old ^ {0})",
    "exch": "{0}",
    "cas": "(old == {0} ? {1} : old)",
}
_SAME_ADDRESS = re.compile(r"cvta(?:\.to)?\.(?:global|param)\.u64")
_SHARED_ADDRESS = re.compile(r"cvta(?P<to>\.to)?\.shared\.u64")
_SPECIAL = {
    **{f"%tid.{axis}": f"self.{axis}" for axis in "xyz"},
    **{f"%ntid.{axis}": f"self.block->launch->block[{i}]" for i, axis in enumerate("xyz")},
    **{f"%ctaid.{axis}": f"self.block->index[{i}]" for i, axis in enumerate("xyz")},
    **{f"%nctaid.{axis}": f"self.block->launch->grid[{i}]" for i, axis in enumerate("xyz")},
    "%laneid": "self.number % WARP",
    "%warpid": "self.number / WARP",
}
_FLOAT_BITS = re.compile(r"0[fFdD](?P<digits>[0-9a-fA-F]{8}|[0-9a-fA-F]{16})")


class Layout(NamedTuple):
    """Where variables lie behind each other, and how many bytes they take in all."""

    places: Mapping[str, int]
    size: int


def lay_out(variables: Sequence[Variable]) -> Layout:
    """Variables behind each other, each at a multiple of its alignment; those of no size last."""
    places, end = {}, 0
    for variable in sorted(variables, key=lambda each: each.size == 0):
        end = math.ceil(end / variable.alignment) * variable.alignment
        places[variable.name] = end
        end += variable.size
    return Layout(places, end)


def parameters_of(kernel: Kernel) -> Layout:
    """Where the parameters of a kernel lie in what it is passed."""
    return lay_out(kernel.parameters)


def shared_of(module: Module, kernel: Kernel) -> Layout:
    """Where the shared variables of a kernel lie in the memory of a block, but for what a launch asks for besides."""
    return lay_out((*module.shared, *kernel.shared))


class Translator:
    """Writes the function of a kernel."""

    def __init__(self, module: Module, kernel: Kernel) -> None:
        self._kernel = kernel
        self._local = lay_out(kernel.local)
        self._variables = {
            **{name: f"{place}u" for name, place in shared_of(module, kernel).places.items()},
            **{name: f"((u64)local + {place})" for name, place in self._local.places.items()},
            **{
                name: f"((u64)self.block->launch->params + {place})"
                for name, place in parameters_of(kernel).places.items()
            },
        }

    def function(self) -> str:
        """The function's text."""
        lines = [f"static void thread_of_{self._kernel.name}(Thread& self) {{"]
        lines += [f"    {unsigned(register.type)} {register.name};" for register in self._kernel.registers.values()]
        if self._local.size:
            lines.append(f"    alignas(16) u8 local[{self._local.size}];")
            lines.append("    self.local = local, self.local_size = sizeof local;")
        for statement in self._kernel.body:
            if isinstance(statement, Label):
                lines.append(f"{_label(statement.name)}:;")
            else:
                lines.append(f"    {self._guarded(statement)}")
        return "\n".join((*lines, "}", ""))

    def _guarded(self, instruction: Instruction) -> str:
        code = self._instruction(instruction)
        if instruction.guard is None:
            return code
        return f"if ({'!' if instruction.negated else ''}{instruction.guard.name}) {{ {code} }}"

    def _instruction(self, instruction: Instruction) -> str:
        try:
            code = self._control(instruction) or self._reaching(instruction)
            if not code and (form := forms().get(instruction.opcode)):
                code = self._computed(form, instruction.operands)
        except (ValueError, IndexError) as error:
            raise PtxError(f"line {instruction.line}: {instruction.opcode}: {error}") from error
        if not code:
            raise PtxError(f"line {instruction.line}: the instruction {instruction.opcode} is not known")
        return code

    def _control(self, instruction: Instruction) -> str:
        """What says which instruction comes next; empty if this one does not."""
        opcode, operands = instruction.opcode, instruction.operands
        if opcode in ("bra", "bra.uni"):
            return f"goto {_label(_name(operands[0]))};"
        if opcode in ("ret", "exit"):
            return "return;"
        if opcode == "bar.sync" and operands == (Name("0"),):
            return f"wait(self, {instruction.line});"
        return ""

    def _reaching(self, instruction: Instruction) -> str:
        """What reaches memory, or makes addresses; empty if the instruction does not."""
        opcode, operands = instruction.opcode, instruction.operands
        if match := MEMORY.fullmatch(opcode):
            return self._accessed(match, instruction)
        if match := ATOMIC.fullmatch(opcode):
            return self._combined(match, instruction)
        if _SAME_ADDRESS.fullmatch(opcode):
            return self._assigned(operands[0], self._value(operands[1], "u64"), "u64")
        if match := _SHARED_ADDRESS.fullmatch(opcode):
            moved = f"{self._value(operands[1], 'u64')} {'-' if match['to'] else '+'} (u64)self.block->shared"
            return self._assigned(operands[0], moved, "u64")
        return ""

    def _computed(self, form: Form, operands: Sequence[Operand]) -> str:
        given = operands[1:]
        if any(isinstance(each, Vector) for each in operands):
            return self._packed(form, operands)
        if len(given) != len(form.operands):
            raise ValueError(f"it takes {len(form.operands)} operands")
        values = [self._value(each, kind, loose=form.loose) for each, kind in zip(given, form.operands, strict=True)]
        if form.joined:
            *compared, last = values
            return self._assigned(
                operands[0], f"{form.function}({', '.join(compared)}) {form.joined} {last}", form.result
            )
        return self._assigned(operands[0], f"{form.function}({', '.join(values)})", form.result, loose=form.loose)

    def _packed(self, form: Form, operands: Sequence[Operand]) -> str:
        """A move between a register and several that make it up."""
        if not form.function.startswith("same<") or len(operands) != 2:
            raise ValueError("it takes no vectors")
        to, source = operands
        whole = unsigned(form.result)
        if isinstance(to, Vector) and isinstance(source, Register):
            width = width_of(form.result) // len(to.parts)
            parts = (
                self._assigned(part, f"(u{width})(whole >> {width * i})", f"b{width}")
                for i, part in enumerate(to.parts)
            )
            return f"{{ const {whole} whole = {self._value(source, form.result)}; {' '.join(parts)} }}"
        if isinstance(source, Vector):
            width = width_of(form.result) // len(source.parts)
            values = (
                f"({whole}){self._value(part, f'b{width}')} << {width * i}" for i, part in enumerate(source.parts)
            )
            return self._assigned(to, " | ".join(values), form.result)
        raise ValueError("its operands are not known")

    def _accessed(self, match: re.Match[str], instruction: Instruction) -> str:
        loads = match["what"] == "ld"
        if match["space"] == "param" and not loads:
            raise ValueError("parameters of kernels are not written to")
        to, source = instruction.operands
        address, registers = (source, to) if loads else (to, source)
        if not isinstance(address, Address):
            raise ValueError("it has no address")  # noqa: TRY004 - of PTX, not of Python
        parts = registers.parts if isinstance(registers, Vector) else (registers,)
        if len(parts) != int(match["count"] or 1):
            raise ValueError("it has a vector of another length")
        kind, width = match["type"], width_of(match["type"])
        total = width // 8 * len(parts)
        where = f"self, {(match['space'] or 'generic').upper()}, {self._address(address)}, {total}, {instruction.line}"
        if loads:
            values = " ".join(self._assigned(part, f"_[{i}]", kind, loose=True) for i, part in enumerate(parts))
            used = instruction.used_bytes & 0xFFFFFFFF
            return f"{{ u{width} _[{len(parts)}]; load({where}, {used}u, _); {values} }}"
        values = ", ".join(f"(u{width}){self._value(part, kind, loose=True)}" for part in parts)
        return f"{{ const u{width} _[] = {{{values}}}; store({where}, _); }}"

    def _combined(self, match: re.Match[str], instruction: Instruction) -> str:
        returned = instruction.operands[:1] if match["what"] == "atom" else ()
        address, *given = instruction.operands[len(returned) :]
        kind = match["type"].replace("b", "u")
        if not isinstance(address, Address) or len(given) != (2 if match["operation"] == "cas" else 1):
            raise ValueError("its operands are not known")
        values = [self._value(each, kind) for each in given]
        function = "add_rn<{type}>(old, {0})" if kind[0] == "f" else _COMBINED[match["operation"]]
        if kind[0] == "f" and match["operation"] != "add":
            raise ValueError("it is not known of this type")
        combine = f"[&]({unsigned(kind)} old) {{ return ({unsigned(kind)}){function.format(*values, type=kind)}; }}"
        space = (match["space"] or "generic").upper()
        call = f"atom<{kind}>(self, {space}, {self._address(address)}, {instruction.line}, {combine})"
        return self._assigned(returned[0], call, kind) if returned else f"{call};"

    def _assigned(self, to: Operand, value: str, kind: str, *, loose: bool = False) -> str:
        if isinstance(to, Name) and to.text == "_":
            return f"{value};"
        if not isinstance(to, Register):
            raise ValueError("its result goes to no register")  # noqa: TRY004 - of PTX, not of Python
        _check_width(to, kind, loose=loose)
        if loose and kind[0] == "s":
            return f"{to.name} = ({unsigned(to.type)})(s64)({kind})({value});"
        return f"{to.name} = {value};"

    def _value(self, operand: Operand, kind: str, *, loose: bool = False) -> str:
        """An operand of a type, as its bits."""
        if isinstance(operand, Register):
            _check_width(operand, kind, loose=loose)
            return f"(u{width_of(kind)}){operand.name}" if loose else operand.name
        if not isinstance(operand, Name):
            raise ValueError("it has an operand that is not known")  # noqa: TRY004 - of PTX, not of Python
        return self._named(operand.text, kind)

    def _named(self, text: str, kind: str) -> str:
        if text in _SPECIAL:
            return f"({_SPECIAL[text]})"
        if text in self._variables:
            return self._variables[text]
        if match := _FLOAT_BITS.fullmatch(text):
            return f"0x{match['digits']}u" + ("ll" if len(match["digits"]) == 16 else "")
        try:
            number = int(text.rstrip("U"), 0)
        except ValueError:
            raise ValueError(f"{text} is not known") from None
        if kind == "pred":
            return "true" if number else "false"
        return f"(({unsigned(kind)}){number & (1 << width_of(kind)) - 1}ull)"

    def _address(self, address: Address) -> str:
        if address.base is None:
            return f"(u64){address.offset}"
        base = address.base.name if isinstance(address.base, Register) else self._named(address.base.text, "u64")
        if isinstance(address.base, Register) and width_of(address.base.type) == 32:
            return f"(u32)({base} + (u32){address.offset})"
        return f"(u64)({base} + (u64){address.offset})"


def _check_width(register: Register, kind: str, *, loose: bool) -> None:
    has, wanted = width_of(register.type), width_of(kind)
    if has != wanted and not (loose and has > wanted):
        raise ValueError(f"a register of {register.type} stands where {kind} should")


def _name(operand: Operand) -> str:
    if not isinstance(operand, Name):
        raise ValueError("it has no label")  # noqa: TRY004 - of PTX, not of Python
    return operand.text


def _label(name: str) -> str:
    return re.sub(r"\W", "L", name)


def translate(module: Module) -> str:
    """The C++ text of all kernels of a module. Each has an entry point that runs a launch, ``emulate_NAME``.

    Raises:
        PtxError: an instruction is not known, or its operands are not.
    """
    parts = ["using namespace ptx;", ""]
    for kernel in module.kernels.values():
        waits = any(isinstance(each, Instruction) and each.opcode == "bar.sync" for each in kernel.body)
        parts.append(Translator(module, kernel).function())
        parts.append(
            f'extern "C" void emulate_{kernel.name}(const Launch* launch, Report* report) {{\n'
            f"    run(thread_of_{kernel.name}, {str(waits).lower()}, launch, report);\n}}\n"
        )
    return "\n".join(parts)
