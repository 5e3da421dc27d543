"""The bits that the numbers of a call of PSRoIPool need: of averages, and of what is sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....operation import Operation
from ....windows.geometry import counts_of
from ....windows.pixels import budgets_of_averages, budgets_of_shares, exact_pixels
from . import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.budgets import Budget
    from ....windows.asked import WindowCall
    from ....windows.geometry import Stages
    from .geometry import Rules


def budgets(asked: WindowCall[Rules], rois: Sequence[Stages | None], operation: Operation) -> Iterator[Budget]:
    """The budgets of what is computed of RoIs that lie there."""
    size, rules = asked.output_size, asked.rules
    if operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        sent = output.feature_gradient(asked.arriving, asked.pixels.shape, rois, size, rules)
        yield from budgets_of_shares(sent, counts_of(rois), asked.grad)
    else:
        finite = np.where(np.isfinite(asked.pixels), asked.pixels, 0)
        result = output.ps_roi_pool(exact_pixels(finite), rois, size, rules)
        yield from budgets_of_averages(result.magnitude, result.counts, finite)
