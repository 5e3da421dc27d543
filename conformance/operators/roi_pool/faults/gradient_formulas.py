"""The faults of gradients, each as a change to one formula of the oracle, to a call, or to a gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..oracle.geometry import Rules
from .formulas import answer, pixels_of_bins, stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ....exact.numbers import Array
    from ..oracle.geometry import Window
    from .formulas import Call


class RelativeWinner(Rules):
    """The argmax is counted from the corner of the bin, and taken for one counted from that of the map."""

    def winner(self, y: int, x: int, rows: Window, columns: Window, size: Sequence[int]) -> tuple[int, int]:
        return y - rows[0], x - columns[0]


class SwappedWinner(Rules):
    """``x · H + y``, read as if it were ``y · W + x``."""

    def winner(self, y: int, x: int, rows: Window, columns: Window, size: Sequence[int]) -> tuple[int, int]:
        at_y, at_x = divmod(x * size[0] + y, size[1])
        return at_y, at_x


def empty_bins_send(values: Array, call: Call) -> Array:
    """The argmax of an empty bin is pixel (0, 0)."""
    assert call.grad is not None
    values = values.copy()
    for k, roi in enumerate(stages(call)):
        for (p, q), count in pixels_of_bins(roi).items():
            if roi and not count:
                values[roi.batch, :, 0, 0] += call.grad[k, :, p, q]
    return values


def inverted_send_nothing(call: Call) -> Call:
    """A backward that walks the pixels of the box, of which an inverted box has none."""
    assert call.grad is not None
    grad = call.grad.copy()
    for k, (_, x1, y1, x2, y2) in enumerate(call.boxes.tolist()):
        if x2 < x1 or y2 < y1:
            grad[k] = grad[k] * 0
    return replace(call, grad=grad)


def sent_by_each(call: Call) -> Iterable[Array]:
    """The gradient that each RoI sends."""
    assert call.grad is not None
    for k in range(len(call.boxes)):
        yield answer(replace(call, boxes=call.boxes[k : k + 1], grad=call.grad[k : k + 1]))


def last_wins(values: Array, call: Call) -> Array:
    for sent in sent_by_each(call):
        values = np.where(sent != 0, sent, values)
    return values


def last_bin_wins(values: Array, call: Call) -> Array:
    """A gradient that is stored where it should be added: of the bins that share a pixel, the last one's remains."""
    assert call.grad is not None
    for p, q in np.ndindex(*call.output_size):
        only = call.grad * 0
        only[:, :, p, q] = call.grad[:, :, p, q]
        sent = answer(replace(call, grad=only))
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, call: Call) -> Array:
    return next(iter(sent_by_each(call)), values)


def arriving(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    def changed(call: Call) -> Call:
        assert call.grad is not None
        return replace(call, grad=change(call.grad))

    return changed
