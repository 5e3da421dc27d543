"""Draws times: of workloads beside each other, under the floor of the memory, and from commit to commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ..drawing import BLUE, CYCLE, INK, ORANGE, PALE, VERMILLION, style, svg
from ..model import operator_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ..timings import Timing, Workload

_CACHES = ("cold", "hot")
_WIDTH = 9.5
_HEIGHT, _LEAST = 0.23, 1.05  # inches: of an entry, of a panel
_LETTER, _ABOVE, _BELOW = 0.078, 0.4, 0.6  # inches: of a letter of a label; of a title; of what stands below an axis


def _cache(timing: Timing) -> str:
    """The time that is shown: that with cold caches, where that was measured."""
    return next((cache for cache in _CACHES if cache in timing.times), "")


def times(operator: str, operation: str, place: str, machine: str, workloads: Sequence[Workload]) -> str:
    """An SVG: of each workload, every entry's nanoseconds per output, median and quartiles."""
    with style():
        shown = [[t for t in w.timings if _cache(t)] for w in workloads]
        heights = [_LEAST + _HEIGHT * len(timings) for timings in shown]
        figure = Figure(figsize=(_WIDTH, sum(heights)))
        panels = figure.subplots(len(workloads), 1, squeeze=False, sharex=True, height_ratios=heights)
        for axes, workload, timings in zip(panels[:, 0], workloads, shown, strict=True):
            _entries(axes, workload, sorted(timings, key=lambda t: t.ns[_cache(t)], reverse=True))
        figure.subplots_adjust(hspace=0.55)
        _leave_room(figure, [_label(timing) for timings in shown for timing in timings])
        return svg(figure, f"Times of {operator_title(operator)} {operation} on {machine}, {place}", trimmed=False)


def _leave_room(figure: Figure, labels: Sequence[str]) -> None:
    """Makes margins for labels at the left, which to measure would take as long as to draw."""
    height = figure.get_figheight()
    left = (0.25 + _LETTER * max(map(len, labels), default=0)) / _WIDTH
    figure.subplots_adjust(left=left, right=0.985, top=1 - _ABOVE / height, bottom=_BELOW / height)


def _label(timing: Timing) -> str:
    return f"{timing.library} {timing.layout} {timing.dtype}{'' if timing.is_correct else ' WRONG'}"


def _entries(axes: Axes, workload: Workload, timings: Sequence[Timing]) -> None:
    outputs = workload.about["outputs"]
    for n, timing in enumerate(timings):
        summary = timing.times[_cache(timing)]
        ends = [summary[name] * 1e9 / outputs for name in ("lower_quartile", "upper_quartile")]
        colour = VERMILLION if not timing.is_correct else BLUE if timing.is_ours else PALE
        axes.plot(ends, [n, n], color=colour, linewidth=2.5, solid_capstyle="butt")
        axes.scatter(
            [timing.ns[_cache(timing)]], [n], s=36, color=colour, marker="o" if timing.is_correct else "X", zorder=3
        )
    axes.set_yticks(range(len(timings)), [_label(timing) for timing in timings])
    for label, timing in zip(axes.get_yticklabels(), timings, strict=True):
        label.set_fontweight("bold" if timing.is_ours else "normal")
    axes.set_ylim(-0.7, len(timings) - 0.3)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("ns per output element, logarithmic: less is better", loc="left")
    note = "" if workload.is_calm else "  (disturbed)"
    title = f"{workload.about['row']}: {workload.about['title']}{note}"
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold")


def floors(operator: str, operation: str, place: str, machine: str, workloads: Sequence[Workload]) -> str:
    """An SVG of workloads under the floor that the machine's rates set; nothing where these were not measured."""
    points = [
        (f"{w.about['row']} {t.layout} {t.dtype}", cache, fraction, t)
        for w in workloads
        for t in w.timings
        for cache, fraction in t.floor.items()
    ]
    if not points:
        return ""
    with style():
        labels = list(dict.fromkeys(label for label, *_ in points))
        figure = Figure(figsize=(_WIDTH, 1 + 0.22 * len(labels)))
        axes = figure.subplots()
        for cache, colour, marker in (("hot", ORANGE, "o"), ("cold", BLUE, "s")):
            xs = [fraction for _, which, fraction, t in points if which == cache and t.is_ours]
            ys = [labels.index(label) for label, which, _, t in points if which == cache and t.is_ours]
            if not xs:
                continue
            axes.scatter(xs, ys, s=30, color=colour, marker=marker, label=f"roikit, {cache} caches", zorder=3)
        others = [(fraction, labels.index(label)) for label, _, fraction, t in points if not t.is_ours]
        if others:
            xs, ys = (list(numbers) for numbers in zip(*others, strict=True))
            axes.scatter(xs, ys, s=24, color=PALE, marker="|", label="others", zorder=2)
        axes.axvline(1, color=INK, linewidth=1.5)
        axes.annotate("the floor", (1, len(labels) - 0.4), ha="right", va="bottom")
        axes.set_yticks(range(len(labels)), labels)
        axes.set(
            xlim=(0, max(1.08, 1.04 * max(fraction for _, _, fraction, _ in points))),
            ylim=(-0.7, len(labels) - 0.2),
            xlabel="fraction of the floor: 1 is as fast as memory, caches and arithmetic allow",
        )
        axes.grid(axis="x")
        axes.legend(loc="lower right")
        _leave_room(figure, labels)
        return svg(figure, f"How near to the floor {operator} {operation} comes on {machine}, {place}", trimmed=False)


def history(machine: str, frame: pd.DataFrame) -> str:
    """An SVG of our times on a machine, record by record."""
    with style():
        operations = list(dict.fromkeys(zip(frame["operator"], frame["operation"], strict=True)))
        figure = Figure(figsize=(9.5, 2.6 * len(operations)))
        panels = figure.subplots(len(operations), 1, squeeze=False)[:, 0]
        for axes, (operator, operation) in zip(panels, operations, strict=True):
            of_operation = frame[
                (frame["operator"] == operator) & (frame["operation"] == operation) & (frame["dtype"] == "float32")
            ]
            lines = of_operation.groupby(["row", "layout", "place", "threads", "cache"], dropna=False)
            for n, (key, part) in enumerate(lines):
                ordered = part.sort_values("started")
                dates = pd.to_datetime(ordered["started"])
                label = f"{key[0]} {key[1]}" + (f", {key[3]:g} threads" if key[3] == key[3] and key[3] != 1 else "")
                axes.plot(dates, ordered["ns_per_output"], marker="o", color=CYCLE[n % len(CYCLE)], label=label)
            axes.set_yscale("log")
            axes.set_title(
                f"{operator_title(operator)} {operation}, float32", loc="left", fontsize=10.5, fontweight="bold"
            )
            axes.set_ylabel("ns per output")
            axes.grid(axis="y")
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=7.5)
        figure.autofmt_xdate()
        figure.subplots_adjust(hspace=0.5)
        return svg(figure, f"Our times on {machine}, record by record")


def commits(machine: str, benchmark: str, frame: pd.DataFrame) -> str:
    """An SVG of what asv measured, commit by commit."""
    with style():
        figure = Figure(figsize=(9.5, 2.8))
        axes = figure.subplots()
        for n, (parameters, part) in enumerate(frame.groupby("parameters")):
            ordered = part.sort_values("date")
            axes.plot(
                ordered["commit"].str[:8],
                ordered["value"],
                marker="o",
                color=CYCLE[n % len(CYCLE)],
                label=str(parameters),
            )
        axes.set_title(benchmark, loc="left", fontsize=10.5, fontweight="bold")
        axes.set_ylabel(str(frame["unit"].iloc[0]))
        axes.grid(axis="y")
        if frame["parameters"].nunique() <= 12:
            axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=7)
        return svg(figure, f"{benchmark} on {machine}, commit by commit")
