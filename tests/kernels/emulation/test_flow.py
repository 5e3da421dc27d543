"""Where the ways through a kernel meet."""

import pytest

from roikit.kernels.emulation.flow import basic_blocks, immediate_post_dominators
from roikit.kernels.emulation.ptx import PtxError, parse
from tests.kernels.emulation.texts import HEAD, kernel


@pytest.mark.parametrize(
    ("successors", "meets"),
    [
        ([(1,), (2,)], [1, 2]),
        ([(1, 2), (3,), (3,), (4,)], [3, 3, 3, 4]),  # a choice
        ([(1,), (1, 2), (3,)], [1, 2, 3]),  # a loop
        ([(1, 3), (2, 1), (0,), (4,)], [3, 2, 0, 4]),  # a loop in another
        ([(3, 1), (2,), (3,)], [3, 2, 3]),  # some return at once: they meet at the end
        ([(0,)], [1]),  # no way leads out
    ],
)
def test_the_nearest_block_that_all_ways_lead_through(successors, meets):
    assert immediate_post_dominators(successors) == meets


def test_blocks_end_at_branches_and_barriers_and_begin_at_labels():
    body = "@%p1 bra B; add.s32 %r4, %r4, 1; A: bar.sync 0; sub.s32 %r4, %r4, 1; B: @!%p1 bra A; @%p2 ret;"
    blocks = basic_blocks(parse(HEAD + kernel("k", body)).kernels["k"])
    assert [[each.opcode.split(".")[0] for each in block.instructions][-2:] for block in blocks] == [
        ["ld", "bra"], ["add"], ["bar"], ["sub"], ["bra"], ["ret"], ["ret"], [],
    ]  # fmt: skip
    assert [block.successors for block in blocks[:-1]] == [(4, 1), (2,), (3,), (4,), (2, 5), (8, 6), (8,)]
    assert [block.waits for block in blocks] == [False, False, True, *[False] * 5]
    assert [block.meets for block in blocks[:-1]] == [4, 2, 3, 4, 5, 8, 8]


@pytest.mark.parametrize(
    ("body", "message"),
    [("bra NOWHERE;", "goes to no label"), ("@%p1 bar.sync 0;", "a barrier with a guard is not known")],
)
def test_what_is_not_understood_is_an_error(body, message):
    with pytest.raises(PtxError, match=rf"line \d+: .*{message}"):
        basic_blocks(parse(HEAD + kernel("k", body)).kernels["k"])
