"""What is counted of kernels so small that every number is worked out by hand beside them.

Each begins with 3 moves, a sum for the thread's number, and a parameter for each array (`texts.kernel`), and ends with a return.
"""

import numpy as np
import pytest

from roikit.kernels.emulation.counting import Loads, Requests, counting_program, sample
from roikit.kernels.emulation.executor import Array, EmulationError
from roikit.kernels.emulation.flow import basic_blocks
from roikit.kernels.emulation.ptx import parse
from roikit.kernels.emulation.warps import scheduled
from tests.kernels.emulation.texts import HEAD, kernel

SHARED = ".shared .align 16 .b8 lines[4096];"
CACHE = 16 * 128  # one set: bytes


def counted(body, *arrays, numbers=(), threads=32, blocks=1, declared="", cache=CACHE, chosen=None):
    """Counts a kernel that takes arrays, and then numbers in the place of addresses."""
    made = counting_program(HEAD + kernel("k", body, len(arrays) + len(numbers), declared))
    params = np.array([*(array.ctypes.data for array in arrays), *numbers], np.uint64).tobytes()
    handed = [Array(f"p{i}", array.ctypes.data, array.nbytes) for i, array in enumerate(arrays)]
    return made.launch("k", (blocks, 1, 1), (threads, 1, 1), params, handed, chosen=chosen, cache_bytes=cache)


def words(count):
    """Numbers 0, 1, … whose first is at a multiple of a line."""
    room = np.zeros(count + 32, np.uint32)
    begin = -room.ctypes.data % 128 // 4
    room[begin : begin + count] = np.arange(count)
    return room[begin : begin + count]


PARTING = """
    mul.wide.u32 %rd1, %r0, 4; add.s64 %rd2, %rd0, %rd1;
    setp.lt.u32 %p1, %r3, 8;
    @%p1 bra FEW;
    add.s32 %r4, %r3, 1; add.s32 %r4, %r4, 1; add.s32 %r4, %r4, 1;
    bra.uni MEET;
FEW:
    setp.lt.u32 %p2, %r3, 2;
    @%p2 mul.lo.s32 %r4, %r3, 5;
    @!%p2 mov.u32 %r4, 7;
MEET:
    st.global.u32 [%rd2], %r4;"""
"""Of 40 threads the first 8 go one way and the others another; a second warp has 8 threads, 32 to 39, that stay together."""


def test_a_branch_that_parts_a_warp_and_where_it_meets_again():
    out = words(40)
    got = counted(PARTING, out, threads=40)
    assert out.tolist() == [0, 5, *[7] * 6, *(thread + 3 for thread in range(8, 40))]
    # Before the branch both warps, 8 instructions and the branch: 3 moves, a sum, a parameter, 2 for the address, a comparison.
    # The first warp runs both ways, 3 + 1 and 3; the second the longer one. At the store all are together again: 2 requests.
    assert got.issued == {
        "move": 2 * 3 + 1,
        "integer": 2 * (1 + 2) + 1 + 2 * 3,
        "load param": 2,
        "compare": 2 + 1,
        "branch": 2 + 2 + 2,
        "store global": 2,
    }
    # Threads: 9 before and 2 after all; the long way 32 threads of 4; the short way 8 of a comparison, 2 and 6 of a guarded one.
    assert got.lanes == 40 * (9 + 2) + 32 * 4 + 8 + 2 + 6
    assert got.issued_of_block == [sum(got.issued.values())]
    # 32 lanes write 128 bytes, 8 lanes 32: sectors 4 + 1, lines 1 + 1; all goes on to L2.
    assert got.requests == {"store global": Requests(2, 40, 160, 5, 2, 2, 5)}


@pytest.mark.parametrize(
    ("step", "sectors", "lines"),
    [(0, 1, 1), (4, 4, 1), (8, 8, 2), (12, 12, 3), (32, 32, 8), (128, 32, 32)],
    ids=["same word", "neighbours", "every second", "every third", "every eighth", "a line apart"],
)
def test_sectors_of_a_strided_load(step, sectors, lines):
    """32 lanes that are ``step`` bytes apart ask for 4 bytes each: they span 32 × step bytes, in sectors and lines."""
    body = """cvt.u64.u32 %rd2, %r0; mul.lo.s64 %rd2, %rd2, %rd1; add.s64 %rd2, %rd0, %rd2;
        ld.global.u32 %r4, [%rd2];"""
    got = counted(body, words(32 * 32), numbers=[step])
    assert got.requests == {"load global": Requests(1, 32, 128, sectors, lines, lines, sectors)}
    assert [(each.fetched, each.written) for each in got.traffic] == [(sectors, 0)]


def test_vectors_of_neighbours_are_whole_lines():
    body = "mul.wide.u32 %rd1, %r0, 16; add.s64 %rd2, %rd0, %rd1; ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd2];"
    assert counted(body, words(128)).requests == {"load global": Requests(1, 32, 512, 16, 4, 4, 16)}


@pytest.mark.parametrize(
    ("step", "opcode", "register", "wavefronts", "least"),
    [
        (0, "u32", "%r4", 1, 1),  # all ask for one word
        (4, "u32", "%r4", 1, 1),  # a word of each bank
        (8, "u32", "%r4", 2, 1),  # 16 banks, two words each
        (12, "u32", "%r4", 1, 1),  # an odd number of words apart: every bank once
        (128, "u32", "%r4", 32, 1),  # one bank, 32 words
        (8, "v2.u32", "{%r4, %r5}", 2, 2),  # a half of the warp asks for 32 words, of each bank one
        (16, "v2.u32", "{%r4, %r5}", 4, 2),  # a half: words 0, 1, 4, 5 … 61: 16 banks, two words each
        (16, "v4.u32", "{%r4, %r5, %r6, %r7}", 4, 4),  # a quarter asks for 32 words, of each bank one
        (0, "v4.u32", "{%r4, %r5, %r6, %r7}", 1, 1),  # 4 words, which all are given with the first quarter
    ],
)
def test_bank_conflicts_of_a_strided_load(step, opcode, register, wavefronts, least):
    body = f"""mov.u32 %r8, lines; cvt.u32.u64 %r10, %rd0; mad.lo.s32 %r9, %r3, %r10, %r8;
        ld.shared.{opcode} {register}, [%r9];"""
    width = 4 * (register.count(",") + 1)
    got = counted(body, numbers=[step], declared=SHARED)
    assert got.requests == {"load shared": Requests(1, 32, 32 * width, 0, wavefronts, least, 0)}


LOOP = """
    mov.u32 %r8, lines; mad.lo.s32 %r9, %r3, 4, %r8;
    and.b32 %r4, %r3, 3; mov.u32 %r5, 0; mov.u32 %r6, 0;
OUTER:
    mov.u32 %r7, 0;
INNER:
    add.s32 %r5, %r5, 1; add.s32 %r7, %r7, 1;
    setp.le.u32 %p1, %r7, %r4;
    @%p1 bra INNER;
    st.shared.u32 [%r9], %r5;
    bar.sync 0;
    add.s32 %r6, %r6, 1;
    setp.lt.u32 %p2, %r6, 3;
    @%p2 bra OUTER;
    mul.wide.u32 %rd1, %r0, 4; add.s64 %rd2, %rd0, %rd1; st.global.u32 [%rd2], %r5;"""
"""Three rounds, of each of which a thread goes 1 to 4 times through a loop, by the last two bits of its number, to a barrier."""


def test_a_loop_whose_trips_differ_and_a_barrier_in_another():
    out = words(64)
    got = counted(LOOP, out, threads=64, declared=SHARED)
    assert out.tolist() == [3 * (1 + thread % 4) for thread in range(64)]
    # Each of 2 warps goes 3 × 4 times through the inner loop, since a lane of it does.
    inner, rounds = 2 * 3 * 4, 2 * 3
    assert got.issued == {
        "move": 2 * (3 + 1 + 2) + rounds,
        "integer": 2 * (1 + 1 + 1) + 2 * inner + rounds + 2 * 2,
        "load param": 2,
        "compare": inner + rounds,
        "branch": inner + rounds + 2,
        "store shared": rounds,
        "barrier": rounds,
        "store global": 2,
    }
    # Threads: 10 before, 4 at the end; in each round a move, 4 for each of 1 to 4 trips (160 in all), and 5 after them.
    assert got.lanes == 64 * (10 + 4) + 3 * (64 * (1 + 5) + 4 * 160)
    assert got.requests["store shared"] == Requests(rounds, 32 * rounds, 128 * rounds, 0, rounds, rounds, 0)


def test_loads_that_need_each_other_and_loads_that_fly_together():
    links = np.zeros(64, np.uint64)
    links[:3] = links.ctypes.data + 8 * np.arange(1, 4)
    body = """ld.global.u64 %rd1, [%rd0]; ld.global.u64 %rd2, [%rd1]; ld.global.u64 %rd3, [%rd2];
        ld.global.u32 %r4, [%rd0+64]; ld.global.u32 %r5, [%rd0+96]; add.s32 %r6, %r3, 1;
        add.s32 %r7, %r4, %r6; add.s32 %r8, %r5, %r7; add.s64 %rd4, %rd3, 0;"""
    # The first, fourth and fifth load leave at once. The second waits for the first, with three on their way, and leaves; sums
    # wait for the fourth (three) and the fifth (two), the third load for the second (one), the last sum for the third (one).
    assert counted(body, links).loads == {"global": Loads(5, 3 + 3 + 2 + 1 + 1, 3), "shared": Loads(0, 0, 0)}


def test_a_load_arrives_with_one_that_left_after_it():
    body = """ld.global.u32 %r4, [%rd0]; ld.global.u32 %r5, [%rd0+4]; ld.global.u32 %r6, [%rd0+8];
        add.s32 %r7, %r6, 1; add.s32 %r7, %r5, %r4;"""
    assert counted(body, words(8)).loads["global"] == Loads(1, 3, 1)


def order_of(body):
    instructions = parse(HEAD + kernel("k", f"A: {body} B: ")).kernels["k"]
    block = next(each for each in basic_blocks(instructions) if each.instructions[0].opcode == body.split()[0])
    return [block.instructions.index(each) for each in scheduled(block.instructions)]


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("ld.global.u32 %r4, [%rd0]; add.s32 %r5, %r4, 1; ld.global.u32 %r6, [%rd0+4];", [0, 2, 1]),
        ("ld.global.u32 %r4, [%rd0]; st.global.u32 [%rd0], %r4; ld.global.u32 %r6, [%rd0+4];", [0, 1, 2]),
        (
            "ld.global.u32 %r4, [%rd0]; add.s32 %r5, %r4, 1; ld.global.u32 %r4, [%rd0+4]; add.s32 %r6, %r4, 1;",
            [0, 1, 2, 3],
        ),
        ("ld.global.u64 %rd1, [%rd0]; ld.global.u32 %r4, [%rd1]; ld.global.u32 %r5, [%rd0];", [0, 2, 1]),
    ],
    ids=["a load that waits for nothing", "not before a store", "not over its register", "not before its address"],
)
def test_loads_come_as_early_as_can_be(body, order):
    assert order_of(body) == order


def test_the_cache_keeps_sectors_and_the_line_used_longest_ago_makes_room():
    def load(*lines):
        return "".join(f"ld.global.u32 %r4, [%rd0+{int(128 * line)}];" for line in lines)

    def sent(*lines, cache=CACHE):
        return counted(load(*lines), words(32 * 32), cache=cache).requests["load global"].sent

    assert sent(0, 0, 0) == 1
    assert sent(0, 0, 0, cache=0) == 3
    assert sent(0, 0.25, 0) == 2  # two sectors of a line
    assert sent(*range(17), 0) == 18  # sixteen lines, of which the first has made room
    assert sent(*range(16), 0, 16, 0, 1) == 18  # the first was used again, so that the second has
    assert counted(load(0, 0), words(64), blocks=3).requests["load global"].sent == 3  # a block begins with none


def test_what_is_stored_goes_on_and_what_is_added_to_elsewhere_leaves_the_cache():
    body = """ld.global.u32 %r4, [%rd0]; st.global.u32 [%rd0], %r3; ld.global.u32 %r4, [%rd0];
        red.global.add.u32 [%rd0], 1; ld.global.u32 %r4, [%rd0];"""
    got = counted(body, words(8))
    assert {what: requests.sent for what, requests in got.requests.items()} == {
        "load global": 2, "store global": 1, "atomic global": 1,
    }  # fmt: skip
    assert got.traffic[0][1:] == (1, 1, 1)


def test_instructions_are_counted_by_lines_of_the_text_that_they_come_from():
    body = """
    .loc 1 7 3
    mov.u32 %r4, 1; mov.u32 %r5, 2;
    .loc 1 9 1, function_name $L__info_string0, inlined_at 1 7 3
    add.s32 %r4, %r4, %r5;
    .loc 1 7 5
    add.s32 %r4, %r4, %r5;
    """
    # Of no line are 3 moves, a sum and a parameter; what follows the last location is of its line, the return too.
    assert counted(body, words(1)).issued_of_line == {0: 5, 7: 2 + 1 + 1, 9: 1}


def test_only_chosen_blocks_run():
    out = words(8)
    got = counted("mul.wide.u32 %rd1, %r1, 4; add.s64 %rd2, %rd0, %rd1; st.global.u32 [%rd2], 99;", out, threads=1, blocks=8,
                  chosen=np.array([2, 5]))  # fmt: skip
    assert (got.blocks, got.ran, out.tolist()) == (8, 2, [0, 1, 99, 3, 4, 99, 6, 7])


def test_a_sample_is_spread_evenly_along_a_grid_and_across_it():
    assert sample((5, 1, 1), 8).tolist() == [0, 1, 2, 3, 4]
    x, rest = sample((1024, 4, 2), 64) % 1024, sample((1024, 4, 2), 64) // 1024
    assert len(x) == 64
    assert set((x // 64).tolist()) == set(range(16))
    assert np.bincount(rest.astype(int)).min() >= 6
    assert len(sample((3, 100, 1), 200)) > 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("st.global.u32 [%rd0+16], %r3;", "thread number 0, line .* reaches what is not its own"),
        ("setp.lt.u32 %p1, %r3, 8; @%p1 bra ON; bar.sync 0; ON:", "waits at a barrier without its whole warp"),
    ],
)
def test_what_a_kernel_must_not_do_is_an_error(body, message):
    with pytest.raises(EmulationError, match=message):
        counted(body, words(4))
