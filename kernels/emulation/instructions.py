"""The instructions of PTX that compute, and the functions of ``cuda/emulation/numbers.hpp`` that do what they say.

Those that reach memory, branch or wait are known to `translate`. What is in neither is not known.
"""

from __future__ import annotations

from functools import cache
from itertools import chain, product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Form(NamedTuple):
    """What an instruction takes and leaves, in types such as ``u32``, and the C++ function that makes one of the other.

    Attributes:
        result: The type of what it leaves.
        operands: The types of what it takes.
        function: What is called with its operands.
        loose: Whether its registers may be wider than its types.
        joined: The operator that joins what it leaves with a last operand, a predicate; empty if it has none.
    """

    result: str
    operands: tuple[str, ...]
    function: str
    loose: bool = False
    joined: str = ""


_INTEGERS = tuple(f"{sign}{width}" for sign in "su" for width in (16, 32, 64))
_WIDER = {"s16": "s32", "u16": "u32", "s32": "s64", "u32": "u64"}
_FLOATS = ("f32", "f64")
_BITS = ("b16", "b32", "b64")
_JOINED = {"and": "&&", "or": "||", "xor": "!="}
_DIRECTIONS = {"n": "NEAREST", "m": "DOWN", "p": "UP", "z": "ZERO"}


def width_of(type_name: str) -> int:
    """Bits of a type."""
    return 1 if type_name == "pred" else int(type_name[1:])


def unsigned(type_name: str) -> str:
    """The C++ type that holds the bits of a type."""
    return "bool" if type_name == "pred" else f"u{width_of(type_name)}"


def _whole_numbers() -> Iterator[tuple[str, Form]]:
    names = {"add": "add", "sub": "sub", "mul.lo": "mul_lo", "mul.hi": "mul_hi", "div": "div", "rem": "rem",
             "min": "least", "max": "greatest"}  # fmt: skip
    for type_name, (opcode, function) in product(_INTEGERS, names.items()):
        yield f"{opcode}.{type_name}", Form(type_name, (type_name,) * 2, f"{function}<{type_name}>")
    for type_name in _INTEGERS:
        yield f"mad.lo.{type_name}", Form(type_name, (type_name,) * 3, f"mad_lo<{type_name}>")
    for type_name, wide in _WIDER.items():
        types = f"<{type_name}, {wide}>"
        yield f"mul.wide.{type_name}", Form(wide, (type_name,) * 2, f"mul_wide{types}")
        yield f"mad.wide.{type_name}", Form(wide, (type_name, type_name, wide), f"mad_wide{types}")
    for type_name, (opcode, function) in product(("s16", "s32", "s64"), (("neg", "negative"), ("abs", "magnitude"))):
        yield f"{opcode}.{type_name}", Form(type_name, (type_name,), f"{function}<{type_name}>")


def _bits() -> Iterator[tuple[str, Form]]:
    for type_name in (*_BITS, "pred"):
        of = f"<{unsigned(type_name)}>"
        for opcode, function in (("and", "both"), ("or", "either"), ("xor", "differ")):
            yield f"{opcode}.{type_name}", Form(type_name, (type_name,) * 2, function + of)
        yield f"not.{type_name}", Form(type_name, (type_name,), f"inverse{of}")
    for type_name in _BITS:
        yield f"shl.{type_name}", Form(type_name, (type_name, "u32"), f"shl<{unsigned(type_name)}>")
    for type_name in (*_INTEGERS, *_BITS):
        shifted = type_name.replace("b", "u")
        yield f"shr.{type_name}", Form(type_name, (type_name, "u32"), f"shr<{shifted}>")
    for direction, amount in product("lr", ("wrap", "clamp")):
        yield f"shf.{direction}.{amount}.b32", Form("b32", ("b32", "b32", "u32"), f"shf_{direction}_{amount}")
    for type_name in ("b32", "b64"):
        of = f"<{unsigned(type_name)}>"
        yield f"popc.{type_name}", Form("u32", (type_name,), f"popc{of}")
        yield f"clz.{type_name}", Form("u32", (type_name,), f"clz{of}")
        yield f"brev.{type_name}", Form(type_name, (type_name,), f"brev{of}")
        yield f"bfi.{type_name}", Form(type_name, (type_name, type_name, "u32", "u32"), f"bfi{of}")
    for type_name in ("s32", "u32", "s64", "u64"):
        yield f"bfind.{type_name}", Form("u32", (type_name,), f"bfind<{type_name}>")
        yield f"bfind.shiftamt.{type_name}", Form("u32", (type_name,), f"bfind_shiftamt<{type_name}>")
        yield f"bfe.{type_name}", Form(type_name, (type_name, "u32", "u32"), f"bfe<{type_name}>")
    yield "prmt.b32", Form("b32", ("b32", "b32", "b32"), "prmt")


def _moves() -> Iterator[tuple[str, Form]]:
    for type_name in (*_INTEGERS, *_BITS, *_FLOATS):
        of = f"<{unsigned(type_name)}>"
        yield f"mov.{type_name}", Form(type_name, (type_name,), f"same{of}")
        yield f"selp.{type_name}", Form(type_name, (type_name, type_name, "pred"), f"select{of}")
    yield "mov.pred", Form("pred", ("pred",), "same<bool>")


def _flushing() -> Iterator[tuple[str, str, str]]:
    """What stands in an opcode before a floating-point type, that type, and the C++ arguments of both."""
    yield "", "f32", "f32, false"
    yield ".ftz", "f32", "f32, true"
    yield "", "f64", "f64, false"


def _floating_point() -> Iterator[tuple[str, Form]]:
    for flush, type_name, arguments in _flushing():
        end = f"{flush}.{type_name}"
        for name, count in (("add", 2), ("sub", 2), ("mul", 2), ("div", 2), ("rcp", 1), ("sqrt", 1), ("fma", 3)):
            form = Form(type_name, (type_name,) * count, f"{name}_rn<{arguments}>")
            yield f"{name}.rn{end}", form
            if name in ("add", "sub", "mul"):  # which are rounded to nearest unless they say otherwise
                yield f"{name}{end}", form
        for name in ("neg", "abs"):
            yield f"{name}{end}", Form(type_name, (type_name,), f"{name}_f<{arguments}>")
        for name, (keep, keeps) in product(("min", "max"), (("", "false"), (".NaN", "true"))):
            if not keep or type_name == "f32":
                function = f"{name}_f<{arguments}, {keeps}>"
                yield f"{name}{flush}{keep}.{type_name}", Form(type_name, (type_name,) * 2, function)


def _comparisons() -> Iterator[tuple[str, Form]]:
    def forms(relation: str, flush: str, type_name: str, function: str) -> Iterator[tuple[str, Form]]:
        yield f"setp.{relation}{flush}.{type_name}", Form("pred", (type_name,) * 2, function)
        for name, operator in _JOINED.items():
            operands = (type_name, type_name, "pred")
            yield f"setp.{relation}.{name}{flush}.{type_name}", Form("pred", operands, function, joined=operator)

    for relation in ("eq", "ne", "lt", "le", "gt", "ge"):
        for type_name in _INTEGERS:
            yield from forms(relation, "", type_name, f"setp<{type_name}, {relation.upper()}>")
    for relation, type_name in product(("eq", "ne"), _BITS):
        yield from forms(relation, "", type_name, f"setp<{unsigned(type_name)}, {relation.upper()}>")
    for relation, unsigned_one in (("lo", "lt"), ("ls", "le"), ("hi", "gt"), ("hs", "ge")):
        for type_name in ("u16", "u32", "u64"):
            yield from forms(relation, "", type_name, f"setp<{type_name}, {unsigned_one.upper()}>")
    ordered = ("eq", "ne", "lt", "le", "gt", "ge")
    for relation in (*ordered, *(f"{name}u" for name in ordered), "num", "nan"):
        name = "NAN_" if relation == "nan" else relation.upper()  # NAN is a macro of C
        for flush, type_name, arguments in _flushing():
            yield from forms(relation, flush, type_name, f"setp<{arguments.replace(',', f', {name},')}>")


def _conversions() -> Iterator[tuple[str, Form]]:
    sizes = (*(f"{sign}8" for sign in "su"), *_INTEGERS)
    for to, source in product(sizes, sizes):
        if to != source:
            yield f"cvt.{to}.{source}", Form(to, (source,), f"cvt<{to}, {source}>", loose=True)
    for to, source in product(_FLOATS, sizes):
        yield f"cvt.rn.{to}.{source}", Form(to, (source,), f"cvt_rounded<{to}, {source}>", loose=True)
    for flush, flushes in (("", "false"), (".ftz", "true")):
        yield f"cvt.rn{flush}.f32.f64", Form("f32", ("f64",), f"cvt_rn_f32_f64<{flushes}>")
        yield f"cvt{flush}.f64.f32", Form("f64", ("f32",), f"cvt_f64_f32<{flushes}>")
    for (letter, direction), (flush, source, arguments) in product(_DIRECTIONS.items(), _flushing()):
        flushes = arguments.split(", ")[1]
        function = f"cvt_whole<{source}, {direction}, {flushes}>"
        yield f"cvt.r{letter}i{flush}.{source}.{source}", Form(source, (source,), function)
        for to in _INTEGERS:
            function = f"cvt_int<{to}, {source}, {direction}, {flushes}>"
            yield f"cvt.r{letter}i{flush}.{to}.{source}", Form(to, (source,), function, loose=True)
    yield "cvt.f32.f16", Form("f32", ("b16",), "cvt_f32_f16")
    yield "cvt.rn.f16.f32", Form("b16", ("f32",), "cvt_rn_f16_f32")


@cache
def forms() -> Mapping[str, Form]:
    """All instructions that compute, by their opcodes."""
    groups = (_whole_numbers(), _bits(), _moves(), _floating_point(), _comparisons(), _conversions())
    return dict(chain.from_iterable(groups))
