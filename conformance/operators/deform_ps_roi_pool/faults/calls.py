"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer.

Those of boxes, of what arrives and of answers are those of rotated RoIs, and of deformable ones, of the same arrays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....operation import Operation
from ...deform_roi_pool.faults import calls as of_bins
from ..oracle.output import result_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ....exact.numbers import Array
    from ..oracle.asked import Asked

transposed, negated, doubled = of_bins.transposed, of_bins.negated, of_bins.doubled
first_image, batch_in_half, batch_rounded = of_bins.first_image, of_bins.batch_in_half, of_bins.batch_rounded
by_size, constant = of_bins.by_size, cast("Any", of_bins.constant)
row_of_first_roi, last_roi = cast("Any", of_bins.row_of_first_roi), cast("Any", of_bins.last_roi)

# ---- before ----------------------------------------------------------------------------------------------------------


def boxes(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the boxes."""
    return cast("Any", of_bins.boxes(change))  # type: ignore[no-any-return]


def columns(*order: int) -> Callable[[Asked], Asked]:
    """The numbers of a row in another order."""
    return cast("Any", of_bins.columns(*order))  # type: ignore[no-any-return]


def arriving(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of what arrives."""
    return cast("Any", of_bins.arriving(change))  # type: ignore[no-any-return]


def _kept(grad: Array, where: Any) -> Array:
    """Of what arrives this, and 0 elsewhere."""
    kept = np.zeros_like(grad)
    kept[where] = grad[where]
    return kept


def first_channel(grad: Array) -> Array:
    """Only what arrives at the first channel."""
    return _kept(grad, np.s_[:, :1])


def first_bin(grad: Array) -> Array:
    """Only what arrives at the first bin of a RoI."""
    return _kept(grad, np.s_[:, :, :1, :1])


def first_of_class(asked: Asked) -> Asked:
    """Only what arrives at the first channel of each class."""
    assert asked.grad is not None
    first = [part.outputs[0] for part in asked.parts if part.outputs]
    return replace(asked, grad=_kept(asked.grad, np.s_[:, first]))


def first_of_part(asked: Asked) -> Asked:
    """Only what arrives at the first bin of each part."""
    assert asked.grad is not None
    rows, columns = ([n for n, part in enumerate(parts) if part not in parts[:n]] for parts in asked.rows_and_columns)
    return replace(asked, grad=_kept(asked.grad, np.s_[:, :, np.array(rows, int)[:, None], np.array(columns, int)]))


def offsets(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the offsets, if there are any."""

    def changed(asked: Asked) -> Asked:
        if asked.offset is None or not asked.offset.size:
            return asked
        return replace(asked, offset=change(asked.offset).reshape(asked.offset.shape))

    return changed


def of_first_roi(offset: Array) -> Array:
    """The offsets of the first RoI for all."""
    return np.repeat(offset[:1], len(offset), axis=0)


def in_half(offset: Array) -> Array:
    """Offsets in half precision."""
    with np.errstate(over="ignore"):
        return offset.astype(np.float16).astype(np.float64)


def in_pairs(offset: Array) -> Array:
    """Those of a part follow each other, as deformable convolution has them."""
    rois, numbers, *parts = offset.shape
    return offset.reshape(rois, numbers // 2, -1, 2).swapaxes(2, 3).reshape(rois, numbers, *parts)


def of_first_part(offset: Array) -> Array:
    """The offsets of the first part for all."""
    return np.broadcast_to(offset[:, :, :1, :1], offset.shape)


def of_first_class(offset: Array) -> Array:
    """The offsets of the first class for all."""
    return np.tile(offset[:, :2], (1, offset.shape[1] // 2, 1, 1))


def classes_last(offset: Array) -> Array:
    """Those along x of all classes come before those along y."""
    rois, numbers, *parts = offset.shape
    return offset.reshape(rois, 2, numbers // 2, *parts).swapaxes(1, 2)


def classes_reversed(offset: Array) -> Array:
    """The last class comes first."""
    rois, numbers, *parts = offset.shape
    return offset.reshape(rois, numbers // 2, 2, *parts)[:, ::-1]


# ---- after -----------------------------------------------------------------------------------------------------------


def _sent_by_each(asked: Asked) -> Iterator[Array]:
    """The gradient that each RoI sends."""
    assert asked.grad is not None
    for k in range(len(asked.boxes)):
        only = slice(k, k + 1)
        offset = None if asked.offset is None else asked.offset[only]
        one = replace(asked, boxes=asked.boxes[only], grad=asked.grad[only], offset=offset)
        yield result_of(one, Operation.FEATURE_GRADIENT).values


def last_wins(values: Array, asked: Asked) -> Array:
    """Of the RoIs that send to a pixel the last one's share remains."""
    for sent in _sent_by_each(asked):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, asked: Asked) -> Array:
    """Only the first RoI sends."""
    return next(_sent_by_each(asked), values)


def empty_is_nan(values: Array, asked: Asked) -> Array:
    """Of a bin without samples inside 0 is divided by their number."""
    values = values.copy()
    for part in asked.parts:
        for k, roi in enumerate(part.asked.rois):
            if roi is not None:
                rows, columns = np.nonzero(~roi.inside.any(axis=2))
                values[k, np.array(part.outputs, int)[:, None], rows, columns] = None
    return values
