"""Hypothesis strategies for calls of poolers of rotated boxes: rotated RoIAlign's, with maps of other levels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_rows
from ....operation import Operation
from ...multiscale_roi_align.draws.pyramids import Setting, placed, whole_of
from ...roi_align_rotated.draws import chance
from .turned import size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

_MOST_PIXELS = 8000  # of all maps of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg",),
    classes: Sequence[str] = chance.BOXES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    given = draw(chance.arguments(modes=modes, classes=classes, operation=operation))
    count = draw(st.sampled_from((1, 2, 2, 3)))
    setting = Setting(
        draw(st.integers(0, count - 1)), count, draw(st.integers(-1, 2)), draw(st.sampled_from((1.1, 1.25, 1.7)))
    )
    finite = [row for row in given["boxes"] if all(math.isfinite(float(x)) for x in row)]
    given = placed(given, setting, size_of(draw(st.sampled_from(finite))) if finite else 1.0)
    images, channels, *_ = given["input"]["shape"]
    pixels = whole_of(given["level_sizes"])
    if "grad" not in given:
        while channels > 1 and images * channels * math.prod(pixels) > _MOST_PIXELS:
            channels //= 2
    shape = [images, channels, *pixels]
    given["input"] = {"shape": shape, "rows": drawn_rows(draw, shape)}
    return dict(given)
