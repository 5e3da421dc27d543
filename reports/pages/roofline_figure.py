"""Draws kernels under the roofs of a GPU: what it can issue, and what its L2 cache sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from ..drawing import BLUE, INK, ORANGE, PALE, VERMILLION, style, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .roofline_point import Point

_OURS = {"float32": BLUE, "float16": ORANGE}


def draw(title: str, points: Sequence[Point], device: Mapping[str, Any]) -> str:
    """An SVG: predicted points are hollow; those that a GPU measured are filled, and joined to what was predicted of them."""
    issue = device["multiprocessors"] * device["schedulers"] * device["hertz"]
    l2 = device["rates"]["l2"]
    with style():
        figure = Figure(figsize=(8.5, 5.0))
        axes = figure.subplots()
        least = min(point.intensity for point in points) / 2
        most = max(2 * issue / l2, *(2 * point.intensity for point in points))
        axes.plot([least, issue / l2, most], [least * l2, issue, issue], color=INK, linewidth=1.5)
        for point in points:
            colour = _OURS.get(point.key[5], PALE) if point.key[3] == "roikit" else PALE
            marker = "o" if point.key[4] == "NHWC" else "s"
            at = point.intensity, point.rate(point.predicted)
            axes.scatter(*at, s=30, facecolors="none", edgecolors=colour, marker=marker, zorder=3)
            axes.annotate(point.key[2], at, xytext=(4, 3), textcoords="offset points", fontsize=7.5, color=PALE)
            if point.measured is not None:
                rate = point.rate(point.measured)
                axes.plot([at[0], at[0]], [at[1], rate], color=VERMILLION, linewidth=0.8)
                axes.scatter(at[0], rate, s=30, color=VERMILLION, marker=marker, zorder=4)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("instructions of a warp for each byte of the L2 cache (logarithmic)")
        axes.set_ylabel("instructions of warps in a second")
        axes.grid()
        drawn = "predicted, and measured in red" if any(p.measured is not None for p in points) else "predicted"
        axes.set_title(f"{title}: {drawn}", loc="left", fontsize=10.5, fontweight="bold")
        return svg(figure, f"Roofline of {title}, {drawn}")
