"""Draws the example: the panels of `roikit explain`, and the numbers that an implementation returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ...conformance.explaining import scenes
from ...conformance.explaining.picture import figures
from ..drawing import INK, PAPER, style, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...conformance.explanation import Account, Bin, OnAxes, Pair, Windows

_COLOURS = LinearSegmentedColormap.from_list("output", [(0, 0.45, 0.7, 0.12), (0, 0.45, 0.7, 0.6)])


def drawn(exact: OnAxes, windows: Windows, at: Pair, outputs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """SVGs: ``overview``, ``bin``, ``windows``, and ``output``, which is empty if nobody was asked."""
    titles = {
        "overview": "The RoI on the map, its bins and samples",
        "bin": f"Bin {at} enlarged, with the pixels that a sample reads",
        "windows": f"{windows.title}'s bins on the map",
    }
    shown = {name: svg(figure, titles[name]) for name, figure in figures(exact, windows, at).items()}
    return {**shown, "output": _output(outputs[0], exact) if outputs else ""}


def drawn_anywhere(exact: Account, at: Bin) -> list[tuple[str, str]]:
    """SVGs of an operator whose bins may lie anywhere, each with what it shows."""
    return [(title, svg(figure, title)) for title, figure in scenes.figures(exact, at).items()]


def _output(output: Mapping[str, Any], exact: OnAxes) -> str:
    """Draws the pooled output where its bins lie on the map."""
    numbers = np.array(output["output"], float)
    with style():
        figure = Figure(figsize=(4.2, 4.2))
        axes = figure.subplots()
        edges = [[float(axis.start + b * axis.bin) for b in range(axis.bins + 1)] for axis in (exact.x, exact.y)]
        axes.pcolormesh(*edges, numbers, cmap=_COLOURS, edgecolors=PAPER, linewidth=2)
        for (p, q), number in np.ndenumerate(numbers):
            x, y = ((ends[b] + ends[b + 1]) / 2 for ends, b in zip(edges, (q, p), strict=True))
            axes.text(x, y, f"{number:.9g}", ha="center", va="center", fontsize=11, color=INK, fontweight="bold")
        axes.invert_yaxis()
        axes.set(xlabel="x, feature pixels", ylabel="y, feature pixels", xticks=edges[0], yticks=edges[1])
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        return svg(figure, f"The output of {output['implementation']}")
