"""MR-6: rotated RoIAlign's calls of which a pooler's is made, one for each level that has a box, and their answers together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....operation import Operation
from ...multiscale_roi_align.oracle import assembling as of_upright

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....exact.numbers import Array
    from ...multiscale_roi_align.oracle.assembling import Parts

    Arguments = Mapping[str, Any]

NUMBERS = 5
"""Of a box, for each of which there is a gradient."""

parts = of_upright.parts
"""The calls, for boxes of some levels. What a row of boxes has makes no difference to that."""


def shape_of(arguments: Arguments, operation: Operation) -> tuple[int, ...]:
    """The shape of what is returned, by a pooler and of each of its parts."""
    if operation == Operation.BOX_GRADIENT:
        return len(arguments["boxes"]), NUMBERS
    return of_upright.shape_of(arguments, operation)


def assembled(arguments: Arguments, operation: Operation, answers: Parts, zero: Any) -> Array:
    """What a pooler returns, of the answer to each part, an array; ``zero`` where there is nothing."""
    if operation != Operation.BOX_GRADIENT:
        return of_upright.assembled(arguments, operation, answers, zero)
    whole = np.full(shape_of(arguments, operation), zero, object)
    for part, found in answers:
        whole[part.rois] = found
    return whole
