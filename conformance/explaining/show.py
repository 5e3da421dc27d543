"""What ``roikit explain`` does: follows one RoI through all steps, and names the rule of each.

Operators that read whole pixels, such as RoIPool, stand beside it, to show what rounding does.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

from rich.columns import Columns
from rich.markup import escape

from ...kernels.dialects.choices import EmptyGrid
from .. import operators
from ..errors import UsageError
from ..explanation import Account, decimal, differences, layers, pair
from ..terminal import Console
from . import anywhere
from .request import beside, explained, read_bin, read_call, read_dialects, settled
from .tables import SHOWN, choices, matrix, table_of
from .walkthrough import run, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rich.table import Table

    from ..exact.numbers import Exact
    from ..explanation import Bin, Explanation, OnAxes, Pair, Window, Windows
    from ..operator import Operator
    from ..sampling.axis import Axis
    from .request import Request

_FILE_WIDTH = 200  # columns of what is not printed to a terminal


def explain(request: Request) -> None:
    """Prints, and draws, what was asked for.

    Raises:
        UsageError: it cannot be done.
    """
    request = settled(request)
    names, call = read_dialects(request), read_call(request)
    at = read_bin(request, call)
    explanations = [explained(call, name, request.operator) for name in names]
    draw = _drawer(request.picture) if request.picture else None
    outputs = run(request.run, explanations[0], request.operator)
    console = Console(highlight=False) if Console().is_terminal else Console(width=_FILE_WIDTH, highlight=False)
    pixels = " × ".join(map(str, call.feature.shape))
    console.print(f"[bold]RoI ({_list(call.box)})[/] on {escape(request.map)}, {pixels} pixels\n")
    _show(console, operators.get(request.operator), explanations, at)
    if draw and request.picture:
        draw(request.picture, explanations, at)
        console.print(f"Drawn to {escape(str(request.picture))}")
    for output in outputs:
        title = f"{output.implementation} {output.version}, {output.dtype}"
        for name, cells in layers(output.values, "p").items():
            console.print(matrix(title + name, "p, q", cells), "")
    if request.output:
        write(request.output, request, outputs)
        console.print(f"Written to {escape(str(request.output))}")


def _drawer(path: Path) -> Callable[[Path, Sequence[Explanation], Bin], None]:
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"--picture takes a name that ends in .png or .svg, not {path.name!r}")
    try:
        from .picture import draw
        from .scenes import draw as draw_anywhere
    except ImportError:
        raise UsageError("--picture needs matplotlib: pip install 'matplotlib>=3.8'") from None

    def drawn(path: Path, explanations: Sequence[Explanation], at: Bin) -> None:
        if accounts := [e for e in explanations if isinstance(e, Account)]:
            draw_anywhere(path, accounts, at)
            return
        on_axes = cast("list[OnAxes]", explanations)
        draw(path, on_axes, beside(on_axes[0].call), pair(at))

    return drawn


def _show(console: Console, operator: Operator, explanations: Sequence[Explanation], at: Bin) -> None:
    if accounts := [e for e in explanations if isinstance(e, Account)]:
        anywhere.show(console, operator, accounts, at)
        return
    on_axes = cast("list[OnAxes]", explanations)
    _show_on_axes(console, operator, on_axes, beside(on_axes[0].call), pair(at))


def _show_on_axes(
    console: Console, operator: Operator, explanations: Sequence[OnAxes], windows: Sequence[Windows], at: Pair
) -> None:
    console.print(_steps(explanations, windows, at), "")
    outputs = [matrix(f"{e.rule}, {e.dialect}", "p, q", e.values) for e in explanations]
    if len(explanations) > 1:
        console.print(choices(operator, *explanations), "")
        outputs.append(matrix("second − first", "p, q", differences(*(e.values for e in explanations))))
    outputs += [matrix(f"{each.title}, maximum", "p, q", each.values) for each in windows]
    console.print(Columns(outputs, padding=(0, 6)), "")
    for e in explanations:
        console.print(f"[bold]Bin {at}, {e.dialect}[/]", _samples(e, at), sep="\n")
        if e.call.mode == "avg" and (taps := e.taps(*at)):
            title = f"{e.rule.split()[0]} weights of the pixels, divided by {e.y.grid * e.x.grid}"
            console.print("", matrix(title, "y, x", taps), sep="\n")
        console.print(f"\n{e.rule}: [bold]{decimal(e.values[at])}[/]\n")


def _list(numbers: Iterable[Exact | int]) -> str:
    return ", ".join(map(decimal, numbers))


def _steps(explanations: Sequence[OnAxes], windows: Sequence[Windows], at: Pair) -> Table:
    """Where bins lie under each dialect, and below that the whole pixels of other operators."""
    shown = {
        "corners": "corners",
        "extent": "extent",
        "bins": "bin size",
        "bin": f"bin {at}",
        "grid": "samples per bin",
    }
    rules = {**explanations[0].steps, "bin": explanations[0].steps["bins"]}
    table = table_of("", "", *(f"{rules[step]}\n{title}" for step, title in shown.items()))
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


def _samples(e: OnAxes, at: Pair) -> Table:
    """The samples of a bin with the pixels that each reads."""
    weights = ("h_y h_x", "h_y l_x", "l_y h_x", "l_y l_x")
    position_rule, boundary, rule = (e.steps[step] for step in ("positions", "boundary", "weights"))
    table = table_of(
        f"{position_rule}\n(x, y)", f"{boundary}\n", *(f"{rule}\n{weight}" for weight in weights), "\nvalue"
    )
    points = e.points(*at)
    for point in points[:SHOWN]:
        x, y = point.x, point.y
        position, moved = (x.position, y.position), (x.low[0] + x.high[1], y.low[0] + y.high[1])
        place = "inside" if moved == position else f"moved to ({_list(moved)})"
        place = place if point.corners else "outside"
        taps = [f"F[{row},{column}] · {decimal(weight)}" for (row, column), weight in point.corners] or [""] * 4
        table.add_row(f"({_list(position)})", place, *taps, decimal(point.value))
    if len(points) > SHOWN:
        table.add_row(f"… and {len(points) - SHOWN} more")
    if not points:
        table.add_row("none")
    return table
