"""Hypothesis strategies for calls of rotation-invariant RoIAlign: those of rotated RoIAlign, with channels for orientations.

Needs ``pip install 'roikit[fuzz]'``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ....chance import drawn_rows
from ....operation import Operation
from ...roi_align_rotated.draws import chance as of_rotated

if TYPE_CHECKING:
    from collections.abc import Sequence

    DrawFn = st.DrawFn

BOXES = tuple(name for name in of_rotated.BOXES if name != "degrees")
"""Classes of boxes, whose angles are in radians."""

_ORIENTATIONS = (1, 2, 2, 3, 4, 4, 8)
_MOST_PIXELS = 6000  # of all maps of a call
_MOST_ARRIVING = 500  # numbers that arrive at the outputs of a call


@st.composite
def arguments(
    draw: DrawFn,
    *,
    modes: Sequence[str] = ("avg",),
    classes: Sequence[str] = BOXES,
    operation: Operation = Operation.FORWARD,
) -> dict[str, Any]:
    """Draws the arguments of a call: the ``arguments`` of a case file. Pixels, and what arrives, are integers from −8 to 8."""
    given = draw(of_rotated.arguments(modes=modes, classes=classes, operation=operation))
    images, features, *size = given["input"]["shape"]
    orientations, bins = draw(st.sampled_from(_ORIENTATIONS)), given["output_size"]
    rois, is_gradient = len(given["boxes"]), "grad" in given
    if images * features * orientations * math.prod(size) > _MOST_PIXELS or (
        is_gradient and rois * features * orientations * math.prod(bins) > _MOST_ARRIVING
    ):
        features = 1
    shape = [images, features * orientations, *size]
    given["input"] = {"shape": shape, "rows": drawn_rows(draw, shape)}
    if is_gradient:
        of_grad = [rois, shape[1], *bins]
        given["grad"] = {"shape": of_grad, "rows": drawn_rows(draw, of_grad)}
    return {**given, "num_orientations": orientations}
