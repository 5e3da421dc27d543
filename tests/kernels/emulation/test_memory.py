"""What a kernel does to memory and what it must not do, on kernels broken on purpose."""

import re

import numpy as np
import pytest

from roikit.kernels.emulation.executor import EmulationError
from tests.kernels.emulation.texts import kernel, program, run

SHARED = ".shared .align 16 .b8 lines[256];"
DYNAMIC = ".extern .shared .align 16 .b8 dynamic[];"
OWN = "mul.wide.u32 %rd5, %r0, 4; add.s64 %rd6, %rd0, %rd5;"
"""%rd6 is the address of the thread's own word of the first array, %rd5 its distance."""
PLACE = "shl.b32 %r4, %r3, 2; mov.u32 %r5, lines; add.s32 %r6, %r5, %r4;"
"""%r6 is the thread's own word of the shared variable."""


def launched(body, *arrays, threads=1, blocks=1, shared=0, declared="", head="", defined=(), forgiving=False):
    made = program(kernel("k", body, len(arrays), declared, head), forgiving=forgiving)
    run(made, "k", arrays, threads, blocks, shared, defined)


def words(count, value=7):
    return np.full(count, value, np.uint32)


def test_vectors_are_loaded_and_stored_in_the_order_of_their_parts():
    memory = np.arange(12, dtype=np.uint32)
    memory = memory[-memory.ctypes.data % 16 // 4 :][:8]
    launched("ld.global.v4.u32 {%r5, %r6, %r7, %r8}, [%rd0]; st.global.cs.v2.u32 [%rd0+16], {%r8, %r5};", memory)
    assert memory[4:6].tolist() == [memory[3], memory[0]]


def test_narrow_values_are_widened_by_their_sign_and_wide_registers_cut():
    memory = np.array([0xFFFFFF80, 0, 0, 0], np.uint32).view(np.uint64)
    launched("ld.global.s8 %rd5, [%rd0]; st.global.u64 [%rd0+8], %rd5; st.global.u16 [%rd0], %rd5;", memory)
    assert memory[1] == 0xFFFFFFFFFFFFFF80
    assert memory[0] == 0xFFFFFF80


def test_parameters_are_read_by_name_and_by_address():
    memory = np.zeros(2, np.uint64)
    launched("mov.b64 %rd5, k_p0; ld.param.u64 %rd6, [%rd5+0]; st.global.u64 [%rd0+8], %rd6;", memory)
    assert memory[1] == memory.ctypes.data


def test_shared_memory_is_reached_by_its_own_and_by_generic_addresses_and_variables_lie_behind_each_other():
    memory = words(4)
    body = f"""{PLACE} st.shared.u32 [%r6], %r3; bar.sync 0;
    mov.u32 %r8, dynamic; cvt.u64.u32 %rd5, %r6; cvta.shared.u64 %rd6, %rd5; ld.u32 %r7, [%rd6];
    cvta.to.shared.u64 %rd7, %rd6; cvt.u32.u64 %r9, %rd7; setp.ne.s32 %p1, %r9, %r6; @%p1 bra END;
    add.s32 %r7, %r7, %r8; {OWN} st.global.u32 [%rd6], %r7; END:"""
    launched(body, memory, threads=4, shared=64, declared=SHARED, head=DYNAMIC)
    assert memory.tolist() == [256, 257, 258, 259]


def test_a_barrier_lets_no_thread_pass_before_all_have_come():
    memory = words(64)
    body = f"""{PLACE} st.shared.u32 [%r6], %r3; bar.sync 0; xor.b32 %r7, %r4, 252; add.s32 %r7, %r5, %r7;
    ld.shared.u32 %r8, [%r7]; bar.sync 0; st.shared.u32 [%r6], %r8; bar.sync 0;
    ld.shared.u32 %r9, [%r7]; {OWN} st.global.u32 [%rd6], %r9;"""
    launched(body, memory, threads=64, declared=SHARED)
    assert memory.tolist() == list(range(64))


def test_scopes_have_registers_of_their_own():
    memory = words(1)
    launched(
        "mov.u32 %r5, 3; { .reg .pred p; setp.eq.s32 p, %r5, 3; selp.s32 %r6, 1, 0, p; }"
        "{ .reg .pred p; .reg .b32 %r5; mov.u32 %r5, 9; setp.eq.s32 p, %r5, 3; selp.s32 %r7, 1, 0, p; }"
        "mad.lo.s32 %r6, %r6, 100, %r7; mad.lo.s32 %r6, %r6, 100, %r5; st.global.u32 [%rd0], %r6;",
        memory,
    )
    assert memory.tolist() == [10003]


def test_special_registers_say_where_a_thread_is():
    memory = np.zeros((2, 40, 4), np.uint32)
    body = """mul.wide.u32 %rd5, %r0, 16; add.s64 %rd6, %rd0, %rd5; mov.u32 %r5, %ctaid.x; mov.u32 %r6, %tid.x;
    mov.u32 %r7, %laneid; mov.u32 %r8, %nctaid.x; mov.u32 %r9, %ntid.x; mad.lo.s32 %r8, %r8, 100, %r9;
    st.global.u32 [%rd6], %r5; st.global.u32 [%rd6+4], %r6; st.global.u32 [%rd6+8], %r7; st.global.u32 [%rd6+12], %r8;"""
    launched(body, memory, threads=40, blocks=2)
    assert memory.tolist() == [[[b, t, t % 32, 240] for t in range(40)] for b in range(2)]


@pytest.mark.parametrize(
    ("instruction", "left"),
    [
        ("atom.global.add.u32 %r5, [%rd0], 5;", 12),
        ("atom.global.min.s32 %r5, [%rd0], -5;", 2**32 - 5),
        ("atom.global.max.u32 %r5, [%rd0], 5;", 7),
        ("atom.exch.b32 %r5, [%rd0], 5;", 5),
        ("atom.global.cas.b32 %r5, [%rd0], 7, 9;", 9),
        ("atom.global.cas.b32 %r5, [%rd0], 8, 9;", 7),
        ("mov.u32 %r5, 7; red.global.xor.b32 [%rd0], 5;", 2),
    ],
)
def test_an_atomic_operation_returns_what_it_found(instruction, left):
    memory = words(2)
    launched(f"{instruction} st.global.u32 [%rd0+4], %r5;", memory)
    assert memory.tolist() == [left, 7]


BROKEN = {
    "a store behind an array": (
        "st.global.u32 [%rd0+16], 1;", {}, r"line 19 of its PTX: global write of 4 bytes is out of bounds: 0 bytes after p0",
    ),
    "a load before an array": ("ld.global.u32 %r5, [%rd0+-4];", {}, "global read of 4 bytes is out of bounds: address"),
    "a vector that ends behind an array": (
        "ld.global.v2.u32 {%r5, %r6}, [%rd0+12];", {}, "read of 8 bytes is out of bounds: byte 12 of p0, which has 16",
    ),
    "a generic address of nothing": ("mov.u64 %rd5, 64; st.u8 [%rd5], %rs1;", {}, "global write of 1 bytes is out of bounds"),
    "a parameter that is none": ("ld.param.u64 %rd5, [k_p0+8];", {}, "param read of 8 bytes is out of bounds: byte 8"),
    "a store behind shared memory": (
        "mov.u32 %r5, lines; st.shared.u32 [%r5+256], 1;", {}, "shared write of 4 bytes is out of bounds: byte 256",
    ),
    "a load that is not aligned": (
        "ld.global.u32 %r5, [%rd0+2];", {}, "global read of 4 bytes is not aligned: byte 2 of p0, which has 16",
    ),
    "a shared vector that is not aligned": (
        "mov.u32 %r5, lines; st.shared.v2.u32 [%r5+4], {%r5, %r5};", {}, "shared write of 8 bytes is not aligned: byte 4",
    ),
    "shared memory that was never written": (
        "ld.shared.u32 %r5, [lines+8];", {}, "shared read of 4 bytes is of what was never written: byte 8",
    ),
    "global memory that was never written": (
        "st.global.u8 [%rd0], 1; ld.global.u32 %r5, [%rd0];", {"defined": [np.zeros(16, np.uint8)]},
        "global read of 4 bytes is of what was never written: byte 0 of p0",
    ),
    "a write before others have read": (
        f"{PLACE} st.shared.u32 [%r6], 1; bar.sync 0; ld.shared.u32 %r7, [lines+4]; st.shared.u32 [%r6], 2;",
        {"threads": 2}, "shared write of 4 bytes races with several threads: byte 4",
    ),
    "a read of what another writes": (
        f"{PLACE} st.shared.u32 [%r6], 1; ld.shared.u32 %r7, [lines];", {"threads": 2},
        r"block \(0, 0, 0\), thread \(1, 0, 0\), .*shared read of 4 bytes races with thread number 0: byte 0",
    ),
    "two writes of one word": ("st.global.u32 [%rd0], 1;", {"threads": 2}, "global write of 4 bytes races with thread number 0"),
    "two blocks that write one word": (
        "st.global.u32 [%rd0], 1;", {"blocks": 2}, r"block \(1, 0, 0\).*global write of 4 bytes races with thread number 0",
    ),
    "a write of what another block has read": (
        "setp.eq.s32 %p1, %r0, 1; @%p1 bra WRITE; ld.global.u32 %r5, [%rd0]; bra END; WRITE: st.global.u32 [%rd0], 1; END:",
        {"blocks": 3}, "races with thread number 0",
    ),
    "an atomic operation beside a plain one": (
        "atom.global.add.u32 %r5, [%rd0], 1; st.global.u32 [%rd0], 1;", {"threads": 2}, "races with thread number 0",
    ),
    "a barrier that some never reach": (
        "setp.eq.s32 %p1, %r3, 1; @%p1 bra END; bar.sync 0; END:", {"threads": 3},
        "a barrier is not reached by thread number 1, which has ended\n.*bar.sync 0",
    ),
    "a warp that is torn between barriers": (
        "setp.eq.s32 %p1, %r3, 1; @%p1 bra ONE; bar.sync 0; bra END;\nONE: bar.sync 0; END:", {"threads": 3},
        "threads of a warp wait at different barriers",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "how", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_found_and_placed(body, how, message):
    memory = words(4)
    with pytest.raises(EmulationError, match=re.compile(f"^k, .*{message}", re.DOTALL)):
        launched(body, memory, declared=SHARED, **how)


WHOLE = {
    "atomic operations of all": ("atom.global.add.u32 %r5, [%rd0], 1;", {"threads": 64, "blocks": 3}),
    "reads of all": ("ld.global.u32 %r5, [%rd0];", {"threads": 64, "blocks": 3}),
    "a byte of a word that does not matter": (
        'st.shared.u32 [lines], 1; .pragma "used_bytes_mask 15"; ld.shared.v2.u32 {%r5, %r6}, [lines];', {},
    ),
    "what one wrote and reads": ("st.global.u32 [%rd0], 1; ld.global.u32 %r5, [%rd0];", {"defined": [np.zeros(16, np.uint8)]}),
    "barriers at which different warps wait": (
        "setp.gt.s32 %p1, %r3, 31; @%p1 bra ONE; bar.sync 0; bra END;\nONE: bar.sync 0; END:", {"threads": 64},
    ),
    "a guard that holds back": ("setp.eq.s32 %p1, %r3, 0; @!%p1 st.global.u32 [%rd0+16], 1;", {}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "how"), WHOLE.values(), ids=WHOLE)
def test_what_is_whole_is_not_blamed(body, how):
    launched(body, words(4), declared=SHARED, **how)


def test_memory_that_a_launch_wrote_is_written_for_the_next():
    memory, defined = words(4), np.zeros(16, np.uint8)
    launched(f"{OWN} st.global.u32 [%rd6], 1;", memory, threads=3, defined=[defined])
    assert defined.tolist() == [1] * 12 + [0] * 4


def test_a_block_larger_than_the_kernel_says_is_refused():
    text = kernel("k", "", 1).replace("\n{", "\n.maxntid 32, 1, 1\n{", 1)
    with pytest.raises(ValueError, match="k takes blocks of at most 32 threads, not 33"):
        run(program(text), "k", [words(1)], threads=33)


LOCAL = ".local .align 4 .b8 depot[16];"
HERE = "mov.u64 %rd7, depot; shl.b32 %r4, %r3, 2; cvt.u64.u32 %rd8, %r4; add.s64 %rd9, %rd7, %rd8;"
"""%rd9 is a word of the local variable, another for each thread."""


def test_each_thread_has_local_variables_of_its_own():
    memory = words(4)
    body = f"""{HERE} add.s32 %r5, %r3, 40; st.local.u32 [%rd7+4], %r5; st.local.u32 [%rd7], %r3; bar.sync 0;
    ld.local.u32 %r6, [%rd7+4]; {OWN} st.global.u32 [%rd6], %r6;"""
    launched(body, memory, threads=4, declared=LOCAL)
    assert memory.tolist() == [40, 41, 42, 43]


@pytest.mark.parametrize(
    ("access", "said"),
    [
        ("st.local.u32 [%rd9], %r3;", r"thread \(4, 0, 0\).*local write of 4 bytes is out of bounds: byte 16"),
        ("ld.local.u32 %r5, [%rd7+-4];", r"thread \(0, 0, 0\).*local read of 4 bytes is out of bounds"),
        ("ld.local.u32 %r5, [%rd7+2];", r"thread \(0, 0, 0\).*local read of 4 bytes is not aligned: byte 2"),
    ],
)
def test_local_variables_have_ends(access, said):
    with pytest.raises(EmulationError, match=re.compile(said, re.DOTALL)):
        launched(f"{HERE} {access}", words(1), threads=5, declared=LOCAL)


SAME = "mov.u32 %r5, 7; st.global.u32 [%rd0], %r5;"
OTHERS = "st.global.u32 [%rd0], %r3;"


def test_that_several_threads_store_what_is_there_is_forgiven_if_it_is_asked_for():
    memory = words(1)
    launched(SAME, memory, threads=4, blocks=2, forgiving=True)
    assert memory.tolist() == [7]
    with pytest.raises(EmulationError, match="races"):
        launched(SAME, memory, threads=4)


def test_what_differs_is_never_forgiven():
    with pytest.raises(EmulationError, match="races"):
        launched(OTHERS, words(1), threads=4, forgiving=True)
    with pytest.raises(EmulationError, match="races"):
        launched(OTHERS, words(1), threads=1, blocks=2, forgiving=True)
