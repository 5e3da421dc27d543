"""Reads the machine code of a GPU: how many instructions a thread executes, from a disassembly and the trips of its loops.

`nvdisasm` prints the code (``pip install nvidia-cuda-nvdisasm``, part of the ``nvrtc`` extra). From its branches come basic
blocks, from those the loops; a loop is known by the source lines that its branch back comes from, so whoever asks can say how
often its body runs. Between loops the longest path counts, so that the result is an upper bound:

* an instruction that a predicate switches off counts, as it does for the machine;
* of an ``if`` and its ``else`` the longer counts, whichever is taken;
* the slow paths of divisions, which numbers that are neither subnormal nor infinite do not take, count as not taken, nor do
  those on which the threads of a warp that have gone different ways wait for each other one by one (``BRA.DIV``).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PLACE = re.compile(r'^\s*//## File "[^"]*", line (\d+)( inlined at "[^"]*", line \d+)?')
_LABEL = re.compile(r"^([.$\w]+):")
_CODE = re.compile(r"^\s*/\*([0-9a-f]+)\*/\s+(?:(@!?U?P\w+)\s+)?([A-Z][\w.]*)\s*(.*?)\s*;")
_TARGET = re.compile(r"`\(([^)]+)\)")
_CONDITION = re.compile(r"!?U?P\d")
_SLOW = "slowpath"


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction: its opcode; whether a condition may keep it from being taken; the label that it jumps to, if it does.

    ``lines`` are those of the source that it comes from: where it is written, then where that was called from, and so on.
    """

    opcode: str
    operands: str
    conditional: bool
    target: str
    lines: tuple[int, ...]

    @property
    def name(self) -> str:
        """The opcode without its modifiers."""
        return self.opcode.split(".", 1)[0]


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """The instructions of a kernel, and where its labels point to."""

    instructions: tuple[Instruction, ...]
    labels: dict[str, int]


@dataclass(slots=True)
class Loop:
    """A natural loop: its header and all its blocks, by number; the lines of its branches back; the loops within it."""

    header: int
    blocks: frozenset[int]
    lines: tuple[int, ...]
    inner: list[Loop] = field(default_factory=list)


@cache
def disassembler() -> str | None:
    """The path of `nvdisasm`, or None if it is not installed."""
    try:
        from cuda.pathfinder import find_nvidia_binary_utility
    except ImportError:
        return shutil.which("nvdisasm")
    found = find_nvidia_binary_utility("nvdisasm")
    return str(found) if found else None


def disassemble(cubin: bytes) -> str:
    """What `nvdisasm` prints of machine code, source lines included.

    Raises:
        FileNotFoundError: there is no disassembler.
        subprocess.CalledProcessError: it refused the code.
    """
    program = disassembler()
    if program is None:
        raise FileNotFoundError("nvdisasm is not installed: pip install nvidia-cuda-nvdisasm")
    with tempfile.TemporaryDirectory(prefix="roikit-") as folder:
        path = Path(folder) / "kernel.cubin"
        path.write_bytes(cubin)
        done = subprocess.run([program, "-c", "-gi", str(path)], capture_output=True, text=True, check=True)
    return done.stdout


def parse(text: str, entry: str) -> Code:
    """The code of kernel ``entry`` and of the functions that it calls.

    Raises:
        ValueError: the text has no such kernel.
    """
    instructions: list[Instruction] = []
    labels: dict[str, int] = {}
    lines: list[int] = []
    inside = within = False  # the kernel's section; a place that goes on from line to line
    for row in text.splitlines():
        if row.startswith("//-----"):
            inside = f".text.{entry} " in row
        if not inside:
            continue
        if place := _PLACE.match(row):
            lines = [*(lines if within else []), int(place[1])]
            within = place[2] is not None
        elif label := _LABEL.match(row):
            labels[label[1]] = len(instructions)
        elif code := _CODE.match(row):
            within = False
            target = _TARGET.search(code[4])
            conditional = code[2] is not None or (code[3].startswith("BRA") and bool(_CONDITION.search(code[4])))
            instructions.append(Instruction(code[3], code[4], conditional, target[1] if target else "", tuple(lines)))
    while instructions and instructions[-1].name == "NOP":  # that pad the section
        instructions.pop()
    if not instructions:
        raise ValueError(f"the disassembly has no kernel {entry}")
    return Code(tuple(instructions), labels)


# ---- blocks -------------------------------------------------------------------------------------------------------------


def _successors(code: Code, index: int) -> list[int]:
    """The instructions that may follow one."""
    instruction = code.instructions[index]
    name, following = instruction.name, [index + 1]
    if name in ("BRX", "JMX"):
        raise ValueError(f"an indirect branch: {instruction.opcode} {instruction.operands}")
    if name in ("EXIT", "RET"):
        return following if instruction.conditional else []
    if instruction.opcode.startswith("BRA.DIV"):
        return following
    if name in ("BRA", "JMP") or (
        name == "CALL" and instruction.target.startswith(".L")
    ):  # a call that does not come back
        return [code.labels[instruction.target], *(following if instruction.conditional else [])]
    if name == "BSYNC":  # goes on where the nearest BSSY of its register says
        register = instruction.operands.split()[0]
        for earlier in reversed(code.instructions[:index]):
            if earlier.name == "BSSY" and earlier.operands.split(",")[0] == register:
                return [code.labels[earlier.target], *(following if instruction.conditional else [])]
    return following


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """The blocks of a function: where each begins and ends, and which may follow it. The first is number 0."""

    spans: list[tuple[int, int]]
    after: list[list[int]]


@lru_cache(maxsize=16)
def _graph(code: Code, begin: int) -> _Graph:
    """The blocks that can be reached from an instruction."""
    edges: dict[int, list[int]] = {}
    pending = [begin]
    while pending:
        index = pending.pop()
        if index not in edges:
            edges[index] = _successors(code, index)
            pending += edges[index]
    entered: dict[int, int] = dict.fromkeys(edges, 0)
    for following in edges.values():
        for index in following:
            entered[index] += 1
    leaders = {begin} | {i for i, count in entered.items() if count != 1 or i - 1 not in edges}
    for index, following in edges.items():
        if following != [index + 1]:
            leaders.update(following)
            leaders |= {index + 1} & edges.keys()
    starts = sorted(leaders, key=lambda i: (i != begin, i))
    number = {start: i for i, start in enumerate(starts)}
    spans, after = [], []
    for start in starts:
        end = start + 1
        while end in edges and end not in leaders:
            end += 1
        spans.append((start, end))
        after.append([number[index] for index in edges[end - 1]])
    return _Graph(spans, after)


def _dominators(graph: _Graph) -> list[set[int]]:
    """For each block, those that every way to it passes."""
    count = len(graph.after)
    before: list[list[int]] = [[] for _ in range(count)]
    for block, following in enumerate(graph.after):
        for other in following:
            before[other].append(block)
    found = [set(range(count)) for _ in range(count)]
    found[0] = {0}
    changed = True
    while changed:
        changed = False
        for block in range(1, count):
            new = {block} | set.intersection(*(found[other] for other in before[block]))
            changed |= new != found[block]
            found[block] = new
    return found


@lru_cache(maxsize=16)
def _loops(graph: _Graph, code: Code) -> list[Loop]:
    """The outermost loops, with those inside them."""
    dominators = _dominators(graph)
    before: list[list[int]] = [[] for _ in graph.after]
    latches: dict[int, list[int]] = {}
    for block, following in enumerate(graph.after):
        for other in following:
            before[other].append(block)
            if other in dominators[block]:
                latches.setdefault(other, []).append(block)
    loops = []
    for header, ends in latches.items():
        blocks, pending = {header}, list(ends)
        while pending:
            block = pending.pop()
            if block not in blocks:
                blocks.add(block)
                pending += before[block]
        back = code.instructions[graph.spans[max(ends)][1] - 1]
        loops.append(Loop(header, frozenset(blocks), back.lines))
    loops.sort(key=lambda loop: len(loop.blocks))
    outermost: list[Loop] = []
    for i, loop in enumerate(loops):
        around = next((other for other in loops[i + 1 :] if loop.blocks < other.blocks), None)
        (outermost if around is None else around.inner).append(loop)
    return outermost


# ---- counts ---------------------------------------------------------------------------------------------------------------


def executed(code: Code, trips: Callable[[Sequence[tuple[int, ...]]], float], begin: int = 0) -> float:
    """How many instructions a thread executes at most, from an instruction on to the end of its function.

    Args:
        code: The kernel.
        trips: Says how often the body of a loop runs each time it is entered, on average. It is given the lines of the loop
            and of those round it, the outermost first. Raises for a loop that it does not know.
        begin: The first instruction.
    """
    graph = _graph(code, begin)
    everything = frozenset(range(len(graph.spans)))
    return max(_Count(code, graph, trips).longest(everything, 0, _loops(graph, code), []).values())


@dataclass(frozen=True, slots=True)
class _Count:
    """Counts instructions along the longest ways through a function."""

    code: Code
    graph: _Graph
    trips: Callable[[Sequence[tuple[int, ...]]], float]

    def weight(self, block: int) -> float:
        """The instructions of a block, those of the functions that it calls included."""
        block_code = self.code.instructions[slice(*self.graph.spans[block])]
        called = (i.target for i in block_code if i.name == "CALL" and not i.target.startswith(".L"))
        inside = (executed(self.code, self.trips, self.code.labels[t]) for t in called if _SLOW not in t)
        return len(block_code) + sum(inside)

    def longest(
        self, blocks: frozenset[int], header: int, loops: Sequence[Loop], path: list[tuple[int, ...]]
    ) -> dict[int, float]:
        """For each block, the instructions on the longest way to its end from ``header``, loops run through."""
        owner = {block: loop for loop in loops for block in loop.blocks}
        nodes = {block: owner[block].header if block in owner else block for block in blocks}
        arriving = dict.fromkeys(blocks, 0.0)
        found: dict[int, float] = {}
        for node in _topological(self.graph, nodes, header):
            loop = owner.get(node)
            cost = self.loop_cost(loop, path) if loop else self.weight(node)
            for member in loop.blocks if loop else (node,):
                found[member] = arriving[node] + cost
                for other in self.graph.after[member]:
                    if other in blocks and nodes[other] != node:
                        arriving[nodes[other]] = max(arriving[nodes[other]], found[member])
        return found

    def loop_cost(self, loop: Loop, path: list[tuple[int, ...]]) -> float:
        """The instructions of all trips of a loop."""
        here = [*path, loop.lines]
        count = self.trips(here)
        ways = self.longest(loop.blocks, loop.header, loop.inner, here)
        back = max(ways[block] for block in loop.blocks if loop.header in self.graph.after[block])
        # A loop that tests first does so once more than its body runs.
        following = self.graph.after[loop.header]
        tests_first = loop.header not in following and any(other not in loop.blocks for other in following)
        return count * back + (min(count, 1.0) * self.weight(loop.header) if tests_first else 0.0)


def _topological(graph: _Graph, nodes: dict[int, int], header: int) -> list[int]:
    """Nodes (blocks, inner loops as their headers) in an order in which all edges but those back go forwards.

    ``nodes`` says which node each block belongs to; ``header`` is where the search begins.
    """
    members: dict[int, list[int]] = {}
    for block, node in nodes.items():
        members.setdefault(node, []).append(block)
    order: list[int] = []
    seen: set[int] = set()
    stack = [(header, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            following = (nodes[o] for m in members[node] for o in graph.after[m] if o in nodes and o != header)
            stack.extend((other, False) for other in following if other not in seen)
    return order[::-1]


def text_of(lines: Sequence[int], source: str) -> list[str]:
    """The lines of a source, without what surrounds them."""
    rows = source.splitlines()
    return [rows[line - 1].strip() if 0 < line <= len(rows) else "" for line in lines]
