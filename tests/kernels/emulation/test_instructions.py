"""Every instruction that is known, on edge values, against its definition."""

import itertools
import random
from functools import cache

import numpy as np
import pytest

from roikit.kernels.emulation.instructions import forms
from roikit.kernels.emulation.ptx import PtxError
from tests.kernels.emulation.definitions import expected, width
from tests.kernels.emulation.texts import kernel, program, run

FAMILIES = sorted({opcode.partition(".")[0] for opcode in forms()})
MOST = 400  # cases of an instruction
THREADS = 200
PREFIX = {8: "rs", 16: "rs", 32: "r", 64: "rd"}
SINGLE = [0x0, 0x80000000, 0x3F800000, 0xBF800000, 0x3F000000, 0x3FC00000, 0x40200000, 0xC0200000, 0x1, 0x80000001, 0x7FFFFF,
          0x800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F800001, 0x4F000000, 0x4EFFFFFF, 0xCF000000,
          0xCF000001, 0x4F800000, 0x5F000000, 0x5EFFFFFF, 0xDF000000, 0x477FE000, 0x477FEFFF, 0x477FF000, 0x33000000,
          0x33000001, 0x38800000, 0x387FE000, 0x387FF000, 0x3F7FFFFF, 0x46FFFE00, 0x4B000001]  # fmt: skip


def of_double(single):
    """The doubles beside these floats, and what only a double holds."""
    with np.errstate(invalid="ignore"):
        near = np.array(single, np.uint32).view(np.float32).astype(np.float64).view(np.uint64).tolist()
    return [*near, 1, 0x800FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x3690000000000000, 0x3690000000000001, 0x47EFFFFFF0000000,
            0x47EFFFFFEFFFFFFF, 0x41DFFFFFFFE00000, 0x41EFFFFFFFF00000, 0x43E0000000000000]  # fmt: skip


@cache
def values(kind):
    """Edge values of a type, as bits."""
    some = random.Random(kind)
    if kind == "pred":
        return [0, 1]
    if kind == "f32":
        return [*SINGLE, *(some.getrandbits(32) for _ in range(6))]
    if kind == "f64":
        return [*of_double(SINGLE), *(some.getrandbits(64) for _ in range(6))]
    top = (1 << width(kind)) - 1
    near = [
        n & top
        for n in (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 255, 256, 0x4321, 0x7FFE, 0x7C01, -1, -2, -7)
    ]
    return sorted({*near, top >> 1, (top >> 1) - 1, (top >> 1) + 1, *(some.getrandbits(width(kind)) for _ in range(6))})


def cases(form):
    every = list(itertools.product(*map(values, form.operands)))
    return every if len(every) <= MOST else random.Random(form.function).sample(every, MOST)


def text(name, opcode, form):
    """A kernel that does the instruction of each row of its first array, to its second."""
    registers, loads = [], []
    for i, kind in enumerate(form.operands):
        if kind == "pred":
            loads.append(f"ld.global.u8 %rs{i + 1}, [%rd10+{8 * i}]; setp.ne.s16 %p{i + 1}, %rs{i + 1}, 0;")
            registers.append(f"%p{i + 1}")
        else:
            prefix = {"f32": "f", "f64": "fd"}.get(kind, PREFIX[width(kind)])
            registers.append(f"%{prefix}{i + 5}")
            loads.append(f"ld.global.{kind} {registers[-1]}, [%rd10+{8 * i}];")
    if form.result == "pred":
        to, store = "%p0", "selp.u16 %rs0, 1, 0, %p0; st.global.u8 [%rd11], %rs0;"
    else:
        prefix = {"f32": "f", "f64": "fd"}.get(form.result, PREFIX[width(form.result)])
        to = f"%{prefix}4"
        store = f"st.global.{form.result} [%rd11], {to};"
    body = f"""
mul.wide.u32 %rd20, %r0, {8 * len(form.operands)};
add.s64 %rd10, %rd0, %rd20;
mul.wide.u32 %rd20, %r0, 8;
add.s64 %rd11, %rd1, %rd20;
{" ".join(loads)}
{opcode} {", ".join((to, *registers))};
{store}"""
    return kernel(name, body, parameters=2)


def is_same(got, wanted, kind):
    """Whether bits are those that are wanted; a NaN of 64 bits may be any."""
    if kind == "f64":
        a, b = (np.uint64(each).view(np.float64) for each in (got, wanted))
        return got == wanted or bool(np.isnan(a) and np.isnan(b))
    return got == wanted


@pytest.mark.one_in(3)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_an_instruction_leaves_is_what_the_manual_says(family):
    known = {opcode: form for opcode, form in forms().items() if opcode.partition(".")[0] == family}
    names = {opcode: f"k{i}" for i, opcode in enumerate(known)}
    made = program(*(text(names[opcode], opcode, form) for opcode, form in known.items()))
    wrong = []
    for opcode, form in known.items():
        rows = cases(form)
        blocks = -(-len(rows) // THREADS)
        given = np.zeros((blocks * THREADS, len(form.operands)), np.uint64)
        given[: len(rows)] = rows
        out = np.zeros(blocks * THREADS, np.uint64)
        run(made, names[opcode], [given, out], THREADS, blocks)
        for row, got in zip(rows, out.tolist(), strict=False):
            wanted = expected(opcode, form.operands, form.result, row)
            if not is_same(got, wanted, form.result):
                wrong.append(f"{opcode} {[hex(each) for each in row]}: {got:#x}, not {wanted:#x}")
    assert wrong[:10] == []


@pytest.mark.parametrize(
    "opcode", ["add.rz.f32", "shfl.sync.bfly.b32", "cvt.rn.satfinite.e4m3x2.f32", "ld.weak.b128", "call.uni"]
)
def test_an_instruction_that_is_not_known_is_named(opcode):
    with pytest.raises(PtxError, match=f"line 1[0-9]: the instruction {opcode} is not known"):
        program(kernel("k", f"{opcode} %f1, %f2, %f3;"))
