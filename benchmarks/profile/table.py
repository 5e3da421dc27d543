"""Tables of what was counted: a line for each contestant of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from .device import ARCHITECTURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from roikit.conformance.terminal import Console

    from .profiles import Profile

LEGEND = """\
Counted from the PTX of kernels that a CPU ran, and predicted from these counts by the model of benchmarks/README.md; no GPU
measured any of it. Per value that pooling gives (of a gradient: that arrives):
  instr      instructions of a warp × 32, ± the standard error of a sample of blocks    fma  of these, fused multiply-adds
  lanes      of 32 that an instruction runs in, on average       sect/ld  32-byte sectors of a request to load from global memory
  L1 L2 mem  bytes of sectors asked of the first cache, of the L2 cache, of memory (at most; as though the L2 cache held all)
  floor      the bytes of L2 and of memory that there must be    atom     32-byte sectors that are added to in the L2 cache
and  confl   wavefronts that a request of shared memory takes beyond those without bank conflicts    barr  barriers of a warp
  flight     loads of global memory on their way when a warp waits for one    depth  loads of which each needs the one before
  predicted  time on an H200 as assumed (architecture sm_90), what limits it, and how many times the floor that is"""

_COLUMNS = {
    "active_lanes_of_32": "lanes",
    "sectors_per_load": "sect/ld",
    "l1_bytes": "L1",
    "l2_bytes": "L2",
    "floor_l2_bytes": "floor",
    "memory_bytes": "mem",
    "floor_memory_bytes": "floor",
    "atomic_sectors": "atom",
    "conflicts_per_shared_request": "confl",
    "barriers_per_warp": "barr",
    "loads_in_flight": "flight",
    "load_depth": "depth",
}
"""Figures and their headings."""


def _number(value: float) -> str:
    """With three digits that count, and no more than two behind the point."""
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _microseconds(seconds: float) -> str:
    return f"{_number(seconds * 1e6)} µs"


def who(profile: Profile) -> str:
    """Whose kernels, in which layout and data type."""
    return f"{profile.library} {profile.layout} {profile.dtype}"


def _cells(profile: Profile) -> list[str]:
    figures = profile.figures
    error, predicted, floor = figures["instructions_error"], profile.predicted, profile.floor.cold
    return [
        _number(figures["instructions"]) + (f" ±{_number(error)}" if error else ""),
        _number(profile.kinds().get("fma", 0)),
        *(_number(figures[name]) for name in _COLUMNS),
        "–" if predicted is None else _microseconds(predicted),
        profile.limited_by or "–",
        _microseconds(floor),
        "–" if predicted is None else f"{predicted / floor:.1f}×",
    ]


def main_table(profiles: Sequence[Profile]) -> Table:
    """The figures of contestants in an operation of an operator."""
    first = profiles[0]
    table = Table(title=f"{first.operator} {first.operation}, {first.architecture}", box=None, title_justify="left")
    table.add_column("row")
    table.add_column("whose", no_wrap=True)
    headings = ("instr", "fma", *_COLUMNS.values(), "predicted", "by", "floor", "÷")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "by" else "right", no_wrap=True)
    for profile in profiles:
        table.add_row(profile.row, who(profile), *_cells(profile))
    return table


def kinds_table(profiles: Sequence[Profile]) -> Table:
    """The instructions of contestants by kind, the most frequent kind first."""
    of_each = [profile.kinds() for profile in profiles]
    kinds = sorted(
        {kind for kinds in of_each for kind in kinds}, key=lambda kind: -max(k.get(kind, 0) for k in of_each)
    )
    table = Table(title="instructions per value, by kind", box=None, title_justify="left")
    table.add_column("row")
    table.add_column("whose", no_wrap=True)
    for kind in kinds:
        table.add_column(kind.replace(" ", "\n"), justify="right")
    for profile, numbers in zip(profiles, of_each, strict=True):
        table.add_row(profile.row, who(profile), *(_number(numbers.get(kind, 0)) for kind in kinds))
    return table


def lines_table(profile: Profile, most: int) -> Table:
    """The lines of CUDA text from which most instructions come."""
    title = f"{profile.operation} {profile.row} {who(profile)}: instructions per value, by line of the text"
    table = Table(title=title, box=None, title_justify="left")
    table.add_column("instr", justify="right")
    table.add_column("kernel", no_wrap=True)
    table.add_column("line")
    for (kernel, line), number in list(profile.lines().items())[:most]:
        table.add_row(_number(number), kernel, Text(line))
    return table


def print_tables(profiles: Sequence[Profile], console: Console, lines: int = 0) -> None:
    """Prints two tables for each operation, one for each contestant's ``lines`` if so many are wanted, and what columns are."""
    for about in dict.fromkeys((each.operator, each.operation) for each in profiles):
        of_operation = [each for each in profiles if (each.operator, each.operation) == about]
        console.print(main_table(of_operation))
        console.print()
        console.print(kinds_table(of_operation))
        console.print()
        for profile in of_operation if lines else ():
            console.print(lines_table(profile, lines))
            console.print()
    console.print(LEGEND, markup=False, highlight=False, soft_wrap=True)
    if any(each.architecture != ARCHITECTURE for each in profiles):
        console.print(f"Times are predicted for {ARCHITECTURE} alone.", markup=False, highlight=False)
