"""How control flows through a kernel of PTX: its basic blocks, and where warps that part at the end of one meet again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .ptx import Instruction, Label, Name, PtxError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ptx import Kernel

_BRANCHES = ("bra", "bra.uni")
_ENDS = ("ret", "exit")
_BARRIERS = ("bar.sync",)


class BasicBlock(NamedTuple):
    """Instructions that are run from the first to the last.

    Attributes:
        instructions: In order.
        successors: The numbers of the blocks that may come next; that of a branch that is taken comes first. The number of all
            blocks stands for the end of the kernel.
        meets: The number of the block at which threads that part here meet again: the first that all of their ways lead through
            (the immediate post-dominator), or the number of all blocks.
        waits: Whether it ends with a barrier.
    """

    instructions: tuple[Instruction, ...]
    successors: tuple[int, ...]
    meets: int
    waits: bool


def basic_blocks(kernel: Kernel) -> list[BasicBlock]:
    """The basic blocks of a kernel, in the order of its text; the first is where it begins.

    Raises:
        PtxError: a branch goes nowhere, or a barrier has a guard.
    """
    pieces, numbers = _pieces(kernel)
    successors = [_successors(piece, number, numbers, len(pieces)) for number, piece in enumerate(pieces)]
    meets = immediate_post_dominators(successors)
    return [
        BasicBlock(tuple(piece), after, meet, bool(piece) and piece[-1].opcode in _BARRIERS)
        for piece, after, meet in zip(pieces, successors, meets, strict=True)
    ]


def _pieces(kernel: Kernel) -> tuple[list[list[Instruction]], dict[str, int]]:
    """The instructions of each block, and the number of the block that each label begins."""
    pieces: list[list[Instruction]] = [[]]
    numbers: dict[str, int] = {}
    for statement in kernel.body:
        if isinstance(statement, Label):
            if pieces[-1]:
                pieces.append([])
            numbers[statement.name] = len(pieces) - 1
            continue
        pieces[-1].append(statement)
        if statement.opcode in (*_BRANCHES, *_ENDS, *_BARRIERS):
            pieces.append([])
    return pieces, numbers


def _successors(piece: Sequence[Instruction], number: int, numbers: dict[str, int], end: int) -> tuple[int, ...]:
    last = piece[-1] if piece else None
    if last is None or last.opcode not in (*_BRANCHES, *_ENDS, *_BARRIERS):
        return (number + 1,)
    if last.opcode in _BARRIERS:
        if last.guard is not None:
            raise PtxError(f"line {last.line}: a barrier with a guard is not known")
        return (number + 1,)
    taken = end if last.opcode in _ENDS else _target(last, numbers)
    return (taken,) if last.guard is None else (taken, number + 1)


def _target(branch: Instruction, numbers: dict[str, int]) -> int:
    (label,) = branch.operands
    if not isinstance(label, Name) or label.text not in numbers:
        raise PtxError(f"line {branch.line}: the branch goes to no label")
    return numbers[label.text]


def immediate_post_dominators(successors: Sequence[tuple[int, ...]]) -> list[int]:
    """For each block the nearest one that every way from it to the end leads through; the number of all if there is none.

    Args:
        successors: Of each block; the number of all blocks is the end.
    """
    end = len(successors)
    everything = (1 << end + 1) - 1
    found = [everything] * end + [1 << end]  # sets of numbers, as bits
    changed = True
    while changed:
        changed = False
        for block in reversed(range(end)):
            common = everything
            for after in successors[block]:
                common &= found[after]
            common |= 1 << block
            changed |= common != found[block]
            found[block] = common
    sizes = [each.bit_count() for each in found]

    def nearest(block: int) -> int:
        # Post-dominators are a chain: the nearest has all others but the block itself.
        others = found[block] & ~(1 << block)
        return next((each for each in range(end + 1) if others >> each & 1 and sizes[each] == sizes[block] - 1), end)

    return [nearest(block) for block in range(end)]
