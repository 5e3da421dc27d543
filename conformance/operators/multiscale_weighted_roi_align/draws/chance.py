"""Hypothesis strategies for calls of weighted RoIAlign on pyramids: those of poolers, with weights.

Needs ``pip install 'roikit[fuzz]'``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from .....kernels.dialects.weighted_roi_align import MEANS
from ....operation import Operation
from ...multiscale_roi_align.draws import chance
from ...weighted_roi_align.draws.chance import add_weights, drawn_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

CLASSES = ("ordinary", "inverted", "tiny", "huge", "outside")


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg", "max", *MEANS),
    classes: Sequence[str] = CLASSES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, weights, and what arrives, are small integers."""
    of_poolers = Operation.FEATURE_GRADIENT if operation == Operation.WEIGHT_GRADIENT else operation
    given = draw(chance.arguments(modes=["avg"], classes=classes, operation=of_poolers))
    given |= drawn_mode(draw, modes)
    return add_weights(draw, given, operation)
