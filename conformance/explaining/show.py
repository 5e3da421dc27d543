"""What ``roikit explain`` does: follows one RoI through all steps, and names the rule of each.

Operators that read whole pixels, such as RoIPool, stand beside it, to show what rounding does.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rich.columns import Columns
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from ...kernels.dialects.choices import EmptyGrid
from .. import operators
from ..errors import UsageError
from ..explanation import decimal, differences
from ..terminal import Console
from .request import beside, explained, read_bin, read_call, read_dialects
from .walkthrough import run, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from ..exact.numbers import Exact
    from ..explanation import Explanation, Pair, Window, Windows
    from ..operator import Operator
    from ..sampling.axis import Axis
    from .request import Request

_SHOWN = 12  # samples of a bin, and rows and columns of a table
_FILE_WIDTH = 200  # columns of what is not printed to a terminal


def explain(request: Request) -> None:
    """Prints, and draws, what was asked for.

    Raises:
        UsageError: it cannot be done.
    """
    names, call = read_dialects(request), read_call(request)
    at = read_bin(request, call)
    explanations, windows = [explained(call, name, request.operator) for name in names], beside(call)
    draw = _drawer(request.picture) if request.picture else None
    outputs = run(request.run, call, names[0], request.operator)
    console = Console(highlight=False) if Console().is_terminal else Console(width=_FILE_WIDTH, highlight=False)
    height, width = call.feature.shape
    console.print(f"[bold]RoI ({_list(call.box)})[/] on {escape(request.map)}, {height} × {width} pixels\n")
    _show(console, operators.get(request.operator), explanations, windows, at)
    if draw and request.picture:
        draw(request.picture, explanations, windows, at)
        console.print(f"Drawn to {escape(str(request.picture))}")
    for output in outputs:
        console.print(_matrix(f"{output.implementation} {output.version}, {output.dtype}", "p, q", output.values), "")
    if request.output:
        write(request.output, request, outputs)
        console.print(f"Written to {escape(str(request.output))}")


def _drawer(path: Path) -> Callable[[Path, Sequence[Explanation], Sequence[Windows], Pair], None]:
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"--picture takes a name that ends in .png or .svg, not {path.name!r}")
    try:
        from .picture import draw
    except ImportError:
        raise UsageError("--picture needs matplotlib: pip install 'matplotlib>=3.8'") from None
    return draw


def _show(
    console: Console, operator: Operator, explanations: Sequence[Explanation], windows: Sequence[Windows], at: Pair
) -> None:
    console.print(_steps(explanations, windows, at), "")
    outputs = [_matrix(f"{e.rule}, {e.dialect}", "p, q", e.values) for e in explanations]
    if len(explanations) > 1:
        console.print(_choices(operator, *explanations), "")
        outputs.append(_matrix("second − first", "p, q", differences(*explanations)))
    outputs += [_matrix(f"{each.title}, maximum", "p, q", each.values) for each in windows]
    console.print(Columns(outputs, padding=(0, 6)), "")
    for e in explanations:
        console.print(f"[bold]Bin {at}, {e.dialect}[/]", _samples(e, at), sep="\n")
        if e.call.mode == "avg" and (taps := e.taps(*at)):
            title = f"{e.rule.split()[0]} weights of the pixels, divided by {e.y.grid * e.x.grid}"
            console.print("", _matrix(title, "y, x", taps), sep="\n")
        console.print(f"\n{e.rule}: [bold]{decimal(e.values[at])}[/]\n")


def _list(numbers: Iterable[Exact | int]) -> str:
    return ", ".join(map(decimal, numbers))


def _table(*headings: str, justify: Literal["left", "right"] = "left") -> Table:
    """A table whose first column names: a rule, or a row."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, style="" if table.columns else "cyan", justify=justify, overflow="fold")
    return table


def _matrix(title: str, corner: str, cells: Mapping[Pair, Exact]) -> Group:
    """A table of what stands where; blank where nothing stands."""
    rows, columns = (sorted(set(labels)) for labels in zip(*cells, strict=True))
    table = _table(corner, *map(str, columns[:_SHOWN]), *["…"] * (len(columns) > _SHOWN), justify="right")
    for row in rows[:_SHOWN]:
        shown = (decimal(cells[row, column]) if (row, column) in cells else "" for column in columns[:_SHOWN])
        table.add_row(str(row), *shown)
    if len(rows) > _SHOWN:
        table.add_row("…")
    return Group(f"[bold]{title}[/]", table)


def _steps(explanations: Sequence[Explanation], windows: Sequence[Windows], at: Pair) -> Table:
    """Where bins lie under each dialect, and below that the whole pixels of other operators."""
    shown = {
        "corners": "corners",
        "extent": "extent",
        "bins": "bin size",
        "bin": f"bin {at}",
        "grid": "samples per bin",
    }
    rules = {**explanations[0].steps, "bin": explanations[0].steps["bins"]}
    table = _table("", "", *(f"{rules[step]}\n{title}" for step, title in shown.items()))
    for e in explanations:
        for name, axis, b in zip("yx", (e.y, e.x), at, strict=True):
            table.add_row(e.dialect, name, *_axis(axis, b))
    for each in windows:
        for name, pixels, b in zip("yx", (each.y, each.x), at, strict=True):
            table.add_row(each.title, name, *_whole_pixels(pixels, b))
    return table


def _axis(axis: Axis, b: int) -> list[str]:
    dialect, grid = axis.rules.dialect, str(axis.grid)
    if axis.sampling_ratio == 0:
        grid += f" = {dialect.adaptive}({decimal(axis.bin)})"
        grid += ", at least 1" if dialect.empty_grid == EmptyGrid.ONE_SAMPLE else ""
    grid += f", {axis.taken} taken" if axis.taken < axis.grid else ""
    ends = (axis.start, axis.end), (axis.start + b * axis.bin, axis.start + (b + 1) * axis.bin)
    corners, bounds = (" … ".join(map(decimal, pair)) for pair in ends)
    return [corners, decimal(axis.extent), decimal(axis.bin), bounds, grid]


def _whole_pixels(axis: Window, b: int) -> list[str]:
    size, bin_ = Fraction(axis.size, len(axis.bins)), axis.bins[b]
    pixels = f"{bin_[0]} … {bin_[-1]}" if bin_ else "none"
    return [f"{axis.start} … {axis.end}", str(axis.size), decimal(size), pixels, f"every pixel, {len(bin_)}"]


def _choices(operator: Operator, first: Explanation, second: Explanation) -> Table:
    """The decision points where two dialects differ."""
    table = _table("rule", "decision point", first.dialect, second.dialect)
    one, two = (operator.dialects[e.dialect] for e in (first, second))
    rules = operator.probes.points if operator.probes else {}
    for name in (field.name for field in fields(one)):
        a, b = getattr(one, name), getattr(two, name)
        if a != b:
            idle = getattr(one.for_mode(first.call.mode), name) == getattr(two.for_mode(first.call.mode), name)
            table.add_row(rules.get(name, ""), name + (" (not in this mode)" if idle else ""), str(a), str(b))
    if not table.row_count:
        table.add_row("", "they agree")
    return table


def _samples(e: Explanation, at: Pair) -> Table:
    """The samples of a bin with the pixels that each reads."""
    weights = ("h_y h_x", "h_y l_x", "l_y h_x", "l_y l_x")
    position_rule, boundary, rule = (e.steps[step] for step in ("positions", "boundary", "weights"))
    table = _table(f"{position_rule}\n(x, y)", f"{boundary}\n", *(f"{rule}\n{weight}" for weight in weights), "\nvalue")
    points = e.points(*at)
    for point in points[:_SHOWN]:
        x, y = point.x, point.y
        position, moved = (x.position, y.position), (x.low[0] + x.high[1], y.low[0] + y.high[1])
        place = "inside" if moved == position else f"moved to ({_list(moved)})"
        place = place if point.corners else "outside"
        taps = [f"F[{row},{column}] · {decimal(weight)}" for (row, column), weight in point.corners] or [""] * 4
        table.add_row(f"({_list(position)})", place, *taps, decimal(point.value))
    if len(points) > _SHOWN:
        table.add_row(f"… and {len(points) - _SHOWN} more")
    if not points:
        table.add_row("none")
    return table
