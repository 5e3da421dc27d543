"""Figures as SVG that follows the reader's light or dark mode: what is ink and paper here are variables there."""

from __future__ import annotations

import hashlib
import html
import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

INK, PALE, GRID, PAPER = "#1a2127", "#55626c", "#d3dae0", "#fdfefe"
"""Colours that the mode decides: text, what stands back, lines of a grid, what lies behind."""

BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9"
"""Okabe and Ito's colours, which colour-blind people tell apart; the same in both modes."""

CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

_DARK = {INK: "#e6ebef", PALE: "#a3b0ba", GRID: "#3a454e", PAPER: "#12181d"}
_NAMES = {INK: "ink", PALE: "pale", GRID: "grid", PAPER: "paper"}
_STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 9.5, "svg.fonttype": "none",
    "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": PALE, "axes.titlecolor": INK, "axes.facecolor": "none",
    "xtick.color": PALE, "ytick.color": PALE, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "grid.color": GRID, "grid.linewidth": 0.8, "axes.axisbelow": True, "figure.facecolor": "none", "savefig.facecolor": "none",
    "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip
_TITLE = re.compile(r"<title>(.*?)</title>")
_OPENING = re.compile(r"<svg [^>]*>")


@contextmanager
def style() -> Iterator[None]:
    """Within it figures look like the site."""
    with rc_context(_STYLE):
        yield


def svg(figure: Figure, title: str, *, trimmed: bool = True) -> str:
    """A figure of Matplotlib as SVG; ``trimmed`` to what is drawn, which takes twice as long."""
    stream = io.StringIO()
    edges: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.05} if trimmed else {}
    with rc_context({"svg.hashsalt": "roikit"}):  # the same figure is the same file, whoever drew it
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, **edges)
    return standalone(stream.getvalue(), title)


def part_of_page(text: str, font: str) -> str:
    """An SVG that stands in a page, and has its colours and its font, and needs not say what an SVG is."""
    return in_page_colours(text).replace(f"{font};", "").replace(' xmlns="http://www.w3.org/2000/svg"', "")


def in_page_colours(text: str) -> str:
    """An SVG whose ink and paper are those of the page that it stands in."""
    for colour, name in _NAMES.items():
        text = text.replace(colour, f"var(--{name})")
    return text


def standalone(text: str, title: str) -> str:
    """An SVG as a file of its own, which knows what is ink and paper in each mode; a screen reader calls it ``title``."""
    text = in_page_colours(text)
    rules = [f":root {{ {'; '.join(f'--{n}: {c}' for c, n in _NAMES.items())} }}"]
    rules.append(
        f"@media (prefers-color-scheme: dark) {{ :root {{ {'; '.join(f'--{_NAMES[c]}: {d}' for c, d in _DARK.items())} }} }}"
    )
    rules.append("text { font-family: system-ui, 'DejaVu Sans', sans-serif !important }")
    opening = _OPENING.search(text)
    assert opening is not None
    label = html.escape(title)
    start = opening[0].replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return f"{start}<title>{label}</title><style>{' '.join(rules)}</style>{text[opening.end() :]}"


def title_of(text: str) -> str:
    """The title of what `svg` returned."""
    found = _TITLE.search(text)
    return html.unescape(found[1]) if found else ""


def save(directory: Path, text: str) -> str:
    """Writes an SVG under a name that says what is in it, equal ones once; returns the name."""
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.svg"
    path = directory / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
    return name
