"""The faults behind `mutants.py` that are not in a formula: changes to a call before the oracle sees it, or to its answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import box_rows, feature_map
from ....operation import Operation
from ..oracle import gradient
from ..oracle import output as oracle
from ..oracle.geometry import ZERO, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .....kernels.dialects.prroi_pool import Dialect
    from ....exact.numbers import Array
    from ..oracle.geometry import Stages


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, for a mutant to change before the oracle sees them. Pairs are ``(y, x)``.

    ``many`` says that the maps have more elements than a 32-bit index can count.
    """

    input: Array
    boxes: Array
    output_size: tuple[int, int]
    spatial_scale: tuple[Fraction, Fraction]
    dialect: Dialect
    operation: Operation = Operation.FORWARD
    grad: Array | None = None
    many: bool = False

    @classmethod
    def of(cls, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool = False) -> Call:
        """The call of a case."""
        bins_y, bins_x = arguments["output_size"]
        scale_y, scale_x = map(Fraction, arguments["spatial_scale"])
        return cls(
            input=feature_map(arguments["input"]),
            boxes=box_rows(arguments["boxes"]),
            output_size=(bins_y, bins_x),
            spatial_scale=(scale_y, scale_x),
            dialect=dialect,
            operation=operation,
            grad=feature_map(arguments["grad"]) if "grad" in arguments else None,
            many=many,
        )


def stages(call: Call, rules: type[Rules] = Rules) -> list[Stages | None]:
    """Where the RoIs of a call lie."""
    scale = call.spatial_scale
    return oracle.all_stages(call.boxes, call.input.shape, call.output_size, scale, rules(call.dialect))


def answer(call: Call, rules: type[Rules] = Rules) -> Array:
    """What a call asks for, under the oracle's formulas or a faulty copy; None throughout an invalid RoI."""
    rois, formulas = stages(call, rules), rules(call.dialect)
    if call.operation == Operation.FORWARD:
        return oracle.prroi_pool(oracle.Maps.of(call.input), rois, call.output_size, formulas).values
    assert call.grad is not None
    grad = oracle.Maps.of(call.grad).fractions()
    if call.operation == Operation.BOX_GRADIENT:
        return gradient.box_gradient(grad, oracle.Maps.of(call.input), rois, formulas)
    return gradient.feature_gradient(grad, call.input.shape, rois, formulas).values


# ---- before ----------------------------------------------------------------------------------------------------------


def boxes(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    """A change of the boxes."""
    return lambda call: replace(call, boxes=change(call.boxes.copy()) if call.boxes.size else call.boxes)


def ends_plus_one(boxes: Array) -> Array:
    """The second corner is the last pixel of the box, in image pixels."""
    boxes[:, 3:] += 1
    return boxes


def sorted_corners(boxes: Array) -> Array:
    """The lesser corner first."""
    for first, second in ((1, 3), (2, 4)):
        boxes[:, [first, second]] = np.sort(boxes[:, [first, second]], axis=1)
    return boxes


def first_image(boxes: Array) -> Array:
    """All boxes on the first image."""
    boxes[:, 0] = np.where(boxes[:, 0] >= 0, 0, boxes[:, 0])
    return boxes


def batch_in_half(boxes: Array) -> Array:
    """Batch indices in half precision."""
    boxes[:, 0] = boxes[:, 0].astype(np.float16).astype(np.float64)
    return boxes


def batch_rounded(boxes: Array) -> Array:
    """Batch indices rounded to the nearest."""
    boxes[:, 0] = np.floor(boxes[:, 0] + 0.5)
    return boxes


def extents_for_corners(boxes: Array) -> Array:
    """Boxes of a corner and an extent."""
    boxes[:, 3:] = boxes[:, 3:] + boxes[:, 1:3]
    return boxes


def clipped_to_map(call: Call) -> Call:
    """Boxes are clipped to the map, which moves all bins."""
    boxes = call.boxes.copy()
    for columns, pixels, scale in (((1, 3), call.input.shape[3], 1), ((2, 4), call.input.shape[2], 0)):
        last = float((pixels - 1) / call.spatial_scale[scale])
        boxes[:, columns] = np.clip(boxes[:, columns], 0, last) if boxes.size else boxes[:, columns]
    return replace(call, boxes=boxes)


def transposed(array: Array) -> Array:
    """Rows for columns, where there are as many."""
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array


def arriving(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    """A change of what arrives."""

    def changed(call: Call) -> Call:
        assert call.grad is not None
        return replace(call, grad=change(call.grad))

    return changed


def first_channel(call: Call) -> Call:
    """Only the first channel is looked at."""
    assert call.grad is not None
    return replace(call, input=call.input[:, :1], grad=call.grad[:, :1])


def first_bin(call: Call) -> Call:
    """Only the first bin of a RoI is looked at."""
    assert call.grad is not None
    grad = np.zeros_like(call.grad)
    grad[:, :, :1, :1] = call.grad[:, :, :1, :1]
    return replace(call, grad=grad)


# ---- after -----------------------------------------------------------------------------------------------------------


def constant(value: Fraction) -> Callable[[Array, Call], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def negated(values: Array) -> Array:
    """All numbers with the other sign."""
    turned: Array = np.frompyfunc(lambda v: -v if isinstance(v, Fraction) else v, 1, 1)(values)
    return turned


def row_of_first_roi(values: Array, call: Call) -> Array:
    """The first RoI for all."""
    del call
    return np.repeat(values[:1], len(values), axis=0)


def over_bins(values: Array, call: Call) -> Array:
    """Divided by the number of bins, and not by the area of one."""
    return _times(values, call, lambda roi: roi.y.bin * roi.x.bin / (roi.y.bins * roi.x.bins))


def over_roi(values: Array, call: Call) -> Array:
    """Divided by the area of the RoI."""
    return _times(values, call, lambda roi: Fraction(1, roi.y.bins * roi.x.bins))


def _times(values: Array, call: Call, factor: Callable[[Stages], Fraction]) -> Array:
    """What belongs to each RoI times a factor of it."""
    values = values.copy()
    for k, roi in enumerate(stages(call)):
        if roi is not None:
            by = np.full(values[k].shape, factor(roi), object)
            values[k] = np.frompyfunc(lambda v, f: v * f if isinstance(v, Fraction) else v, 2, 1)(values[k], by)
    return values


def scaled(factor: Callable[[Stages], Fraction]) -> Callable[[Call], Call]:
    """What arrives at each RoI times a factor of it."""

    def changed(call: Call) -> Call:
        assert call.grad is not None
        grad = call.grad.astype(object)
        for k, roi in enumerate(stages(call)):
            if roi is not None:
                grad[k] = np.frompyfunc(Fraction, 1, 1)(grad[k]) * factor(roi)
        return replace(call, grad=grad)

    return changed


def flat_is_nan(values: Array, call: Call) -> Array:
    """Where a RoI has no area, 0 is divided by it."""
    values = values.copy()
    for k, roi in enumerate(stages(call)):
        if roi is not None and not roi.has_area:
            values[k] = None
    return values


def flat_spoils_map(values: Array, call: Call) -> Array:
    """A RoI without area sends NaN to the pixels of its corner."""
    values = values.copy()
    for roi in stages(call):
        if roi is not None and not roi.has_area:
            y, x = (min(max(int(axis.corners[0]), 0), axis.pixels - 1) for axis in (roi.y, roi.x))
            values[roi.batch, :, y, x] = None
    return values


def thin_is_flat(values: Array, call: Call) -> Array:
    """A bin of less than a 64th of a pixel counts as one without area."""
    values = values.copy()
    for k, roi in enumerate(stages(call)):
        if roi is not None and roi.y.bin * roi.x.bin < Fraction(1, 64):
            values[k] = ZERO
    return values


def sent_by_each(call: Call) -> Iterable[Array]:
    """The gradient that each RoI sends."""
    assert call.grad is not None
    for k in range(len(call.boxes)):
        yield answer(replace(call, boxes=call.boxes[k : k + 1], grad=call.grad[k : k + 1]))


def last_wins(values: Array, call: Call) -> Array:
    """Of the RoIs that send to a pixel the last one's share remains."""
    for sent in sent_by_each(call):
        values = np.where(sent != 0, sent, values)
    return values


def last_bin_wins(values: Array, call: Call) -> Array:
    """Of the bins that send to a pixel the last one's share remains, in the order of outputs."""
    assert call.grad is not None
    values = np.full(values.shape, ZERO, object)
    for k, p, q in np.ndindex(len(call.boxes), *call.output_size):
        grad = np.zeros_like(call.grad[k : k + 1])
        grad[:, :, p, q] = call.grad[k, :, p, q]
        sent = answer(replace(call, boxes=call.boxes[k : k + 1], grad=grad))
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, call: Call) -> Array:
    """Only the first RoI sends."""
    return next(iter(sent_by_each(call)), values)


def one_place_late(values: Array, call: Call) -> Array:
    """Rows of four numbers, each written a place too late: the last goes to the next RoI."""
    del call
    flat = values.reshape(-1)
    return np.concatenate([np.full(min(1, flat.size), ZERO, object), flat[:-1]]).reshape(values.shape)
