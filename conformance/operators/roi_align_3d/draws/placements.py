"""Where the RoIs of systematic cases lie: along each axis one of the spans of RoIAlign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....placing import number
from ...roi_align.draws.placements import (
    Draw,
    around,
    beyond_high,
    beyond_low,
    empty,
    high,
    huge,
    inside,
    integral,
    inverted,
    low,
    on_high,
    on_low,
    outside,
    sub_pixel,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    Span = tuple[Fraction, Fraction]
    SpanOf = Callable[[Draw, int, int, int], Span]


@dataclass(frozen=True, slots=True)
class Placement:
    """A way for a RoI to lie: its spans along z, y and x, what it is called, and the rules that it is about.

    ``company`` says that the RoI may give nothing but zeros, so that another lies inside beside it.
    """

    name: str
    title: str
    z: SpanOf
    y: SpanOf
    x: SpanOf
    rules: tuple[str, ...] = ()
    company: bool = False

    def row(
        self, chance: Draw, image: int, size: Sequence[int], bins: Sequence[int], ratios: Sequence[int],
        scales: Sequence[Fraction],
    ) -> list[int | float]:  # fmt: skip
        """A row of boxes that lies so, in a volume of this size."""
        given = zip((self.z, self.y, self.x), size, bins, ratios, scales, strict=True)
        corners = [tuple(at / scale for at in span(chance, *each)) for span, *each, scale in given]
        return [image, *(number(pair[n]) for n in (0, 1) for pair in reversed(corners))]


EDGE, DEGENERATE = ("RV-6",), ("RV-3",)

PLACEMENTS = (
    Placement("inside", "Inside the volume", inside, inside, inside),
    Placement("integral", "Corners on whole pixels", integral, integral, integral),
    Placement("whole", "All of the volume", whole, whole, whole),
    Placement("front", "Over the first slice by less than a pixel", low, inside, inside, EDGE),
    Placement("top", "Over the top edge by less than a pixel", inside, low, inside, EDGE),
    Placement("left", "Over the left edge by less than a pixel", inside, inside, low, EDGE),
    Placement("back", "Over the last slice by less than a pixel", high, inside, inside, EDGE),
    Placement("bottom", "Over the bottom edge by less than a pixel", inside, high, inside, EDGE),
    Placement("right", "Over the right edge by less than a pixel", inside, inside, high, EDGE),
    Placement("corner", "Over the last corner", high, high, high, EDGE),
    Placement("beyond-front", "From far before the volume into it", beyond_low, inside, inside, EDGE),
    Placement("beyond-left", "From far left of the volume into it", inside, inside, beyond_low, EDGE),
    Placement("beyond-back", "From the volume to far behind it", beyond_high, inside, inside, EDGE),
    Placement("beyond-bottom", "From the volume to far below it", inside, beyond_high, inside, EDGE),
    Placement("around", "All around the volume", around, around, around, EDGE),
    Placement("on-low", "First samples exactly on −1", on_low, on_low, on_low, EDGE),
    Placement("on-high", "Last samples exactly on D, H and W", on_high, on_high, on_high, EDGE),
    Placement("on-low-z", "First samples along z exactly on −1", on_low, inside, inside, EDGE),
    Placement("on-high-z", "Last samples along z exactly on D", on_high, inside, inside, EDGE),
    Placement("on-low-x", "First samples along x exactly on −1", inside, inside, on_low, EDGE),
    Placement("on-high-x", "Last samples along x exactly on W", inside, inside, on_high, EDGE),
    Placement("outside", "Off the volume, beside a box inside", outside, inside, inside, EDGE, True),
    Placement("no-extent", "Without extent, beside an ordinary box", empty, empty, empty, DEGENERATE, True),
    Placement("no-depth", "Without depth, beside an ordinary box", empty, inside, inside, DEGENERATE, True),
    Placement("no-width", "Without width, beside an ordinary box", inside, inside, empty, DEGENERATE, True),
    Placement("inverted-z", "Front and back exchanged, beside an ordinary box", inverted, inside, inside, DEGENERATE, True),
    Placement("inverted-x", "Left and right exchanged, beside an ordinary box", inside, inside, inverted, DEGENERATE, True),
    Placement("inverted", "Both corners exchanged, beside an ordinary box", inverted, inverted, inverted, DEGENERATE, True),
    Placement("sub-pixel", "Smaller than a pixel", sub_pixel, sub_pixel, sub_pixel, DEGENERATE),
    Placement("thin", "Narrower than a pixel along x", inside, inside, sub_pixel, DEGENERATE),
    Placement("flat", "Narrower than a pixel along z", sub_pixel, inside, inside, DEGENERATE),
    Placement("huge", "Very much larger than the volume", huge, huge, huge, EDGE),
)  # fmt: skip
"""All placements, by which systematic cases are named."""
