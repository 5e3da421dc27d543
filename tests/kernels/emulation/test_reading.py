"""What is read of a PTX text, and what of it is refused."""

import pytest

from roikit.kernels.emulation.ptx import Address, Instruction, Label, Name, PtxError, Register, Variable, Vector, parse
from roikit.kernels.emulation.translate import parameters_of, shared_of, translate
from tests.kernels.emulation.texts import HEAD, kernel

TEXT = """
.extern .shared .align 16 .b8 dynamic[];
.global .align 4 .u32 LANES = 4;
.visible .entry k(
    .param .u64 .ptr .align 1 k_p0, // an address
    .param .u32 k_p1,
    .param .align 8 .b8 k_p2[24]
)
.maxntid 16, 2, 1
.minnctapersm 2
{
    .reg .pred %p<3>; .reg .b32 %r<5>; .reg .b64 %rd<2>;
    .shared .align 8 .b8 own[12];
/* a comment
of two lines */ ld.param.v2.u32 {%r1, %r2}, [k_p2+8];
$L__BB0_1:
    .pragma "nounroll";
    @!%p1 bra $L__BB0_1;
    { .reg .pred p; setp.eq.s32 p, %r1, -3; }
    .pragma "used_bytes_mask 240";
    ld.shared.v2.u32 {%r3, _}, [%r1+-8];
}
"""


def test_a_text_is_read_into_kernels():
    module = parse(HEAD + TEXT)
    read = module.kernels["k"]
    r = {i: Register(f"Rr{i}", "b32") for i in range(5)}
    assert read.parameters == (Variable("k_p0", 8, 8), Variable("k_p1", 4, 4), Variable("k_p2", 8, 24))
    assert read.most_threads == 32
    assert parameters_of(read) == ({"k_p0": 0, "k_p1": 8, "k_p2": 16}, 40)
    assert shared_of(module, read) == ({"own": 0, "dynamic": 16}, 16)
    assert read.body == [
        Instruction(18, "ld.param.v2.u32", (Vector((r[1], r[2])), Address(Name("k_p2"), 8))),
        Label("$L__BB0_1"),
        Instruction(21, "bra", (Name("$L__BB0_1"),), Register("Rp1", "pred"), negated=True),
        Instruction(22, "setp.eq.s32", (Register("p_1", "pred"), r[1], Name("-3"))),
        Instruction(24, "ld.shared.v2.u32", (Vector((r[3], Name("_"))), Address(r[1], -8)), used_bytes=240),
    ]
    assert module.lines[read.body[0].line - 1].endswith("ld.param.v2.u32 {%r1, %r2}, [k_p2+8];")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (".const .align 4 .b8 table[8];", r"line 19: .const .align 4 .b8 table\[8\] is not known"),
        ("add.s32 %r1, %r2, %rd1;", "line 19: add.s32: a register of b64 stands where s32 should"),
        ("add.s32 %r1, %r2;", "line 19: add.s32: it takes 2 operands"),
        ("mov.u32 %r1, %clock;", "line 19: mov.u32: %clock is not known"),
        ("mov.u32 1, %r1;", "line 19: mov.u32: its result goes to no register"),
        ("st.global.u32 [LANES], 1;", "line 19: st.global.u32: LANES is not known"),
        ("ld.global.v2.u32 %r1, [%rd0];", "line 19: ld.global.v2.u32: it has a vector of another length"),
        ("st.param.u32 [k_p0], 1;", "line 19: st.param.u32: parameters of kernels are not written to"),
        ("bar.sync 1;", "line 19: the instruction bar.sync is not known"),
        ("@%q1 bra END;", "line 19: %q1 is no register"),
        ("ld.global.u32 %r1, [%rd0", "line 20: .* is not an instruction|what follows is not understood|is no address"),
    ],
)
def test_what_is_not_understood_is_named(body, message):
    with pytest.raises(PtxError, match=message):
        translate(parse(HEAD + kernel("k", body)))
