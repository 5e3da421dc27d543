"""Hypothesis strategies for calls of PSRoIAlign on pyramids: those of poolers, with channels for each bin.

Needs ``pip install 'roikit[fuzz]'``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_rows
from ....operation import Operation
from ...multiscale_roi_align.draws import chance
from ...ps_roi_align.draws.systematic import fewer_channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

CLASSES = ("ordinary", "inverted", "tiny", "huge", "outside")
_MOST_PIXELS = 12000  # of all maps of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg",),
    classes: Sequence[str] = CLASSES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    given = draw(chance.arguments(modes=modes, classes=classes, operation=operation))
    images, channels, *size = given["input"]["shape"]
    bins = math.prod(given["output_size"])
    while channels > 1 and images * channels * bins * math.prod(size) > _MOST_PIXELS:
        channels //= 2
    shape = [images, channels * bins, *size]
    given["input"] = {"shape": shape, "rows": drawn_rows(draw, shape)}
    if "grad" in given:
        given["grad"] = fewer_channels(given["grad"], channels)
    return dict(given)
