"""How shares become gradients (SW-6 to SW-8), of the maps of one or several levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...dtypes import name_of
from ...staging.box_gradient import slope
from . import rois
from .pixels import Shape, run_step
from .problem import MODE
from .shares import OF_BOXES, slope_of_means

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .shares import Arrays, Sharing


def for_maps(
    sharing: Sharing, grad: Any, weights: Arrays, maps: Arrays | None, outs: Sequence[Any] | None, *, check: bool
) -> Arrays:
    """SW-6: the gradients for the maps of each level, written to ``outs``, or to new arrays.

    Raises:
        TypeError: what is given has another data type, or comes from elsewhere.
        ValueError: the maps are missing, which all but averages need; or an array has another shape, or overlaps others.
    """
    others = {"grad": grad, "boxes": sharing.rows, **arguments.named("weights", weights)}
    if sharing.call.mode != MODE:
        others |= arguments.named("input", _compared_maps(sharing, maps, grad))
    written = _output_arrays(sharing, outs, sharing.shapes, grad.dtype, others)
    write = _write_maps_of_rois if sharing.is_of_rois else _write_for_maps
    write(sharing, maps, weights, written, check=check)
    return written


def for_weights(
    sharing: Sharing, grad: Any, maps: Arrays, weights: Arrays, outs: Sequence[Any] | None, *, check: bool
) -> Arrays:
    """SW-7: the gradients for the weights of each level, likewise."""
    others = _read(sharing, grad, maps, weights)
    written = _output_arrays(sharing, outs, [tuple(array.shape) for array in weights], grad.dtype, others)
    write = _write_weights_of_rois if sharing.is_of_rois else _write_for_weights
    write(sharing, maps, weights, written, check=check)
    return written


def for_boxes(sharing: Sharing, grad: Any, maps: Arrays, weights: Arrays, out: Any, *, check: bool) -> Any:
    """SW-8: the gradient for boxes, ``(K, 4)``, likewise."""
    others = _read(sharing, grad, maps, weights)
    out = arguments.output_array(sharing.xp, out, (len(sharing.rows), 4), sharing.rows.dtype, **others)
    write = _write_boxes_with_weights if sharing.is_of_rois else _write_for_boxes
    write(sharing, maps, weights, out, check=check)
    return out


def _read(sharing: Sharing, grad: Any, maps: Arrays, weights: Arrays) -> dict[str, Any]:
    """What a gradient that looks at the maps reads, by the names of messages: the maps have its data type."""
    named = arguments.named("input", maps)
    for name, array in named.items():
        arguments.check_like(sharing.xp, name, array, tuple(array.shape), grad.dtype)
    return {"grad": grad, "boxes": sharing.rows, **arguments.named("weights", weights), **named}


def _compared_maps(sharing: Sharing, maps: Arrays | None, grad: Any) -> Arrays:
    """The maps that a maximum, or a mean, was taken of, checked."""
    if maps is None:
        name = "input" if len(sharing.shapes) == 1 else "inputs"
        raise ValueError(f'the gradient of mode="{sharing.call.mode}" needs the maps that were pooled: pass {name}')
    xp, named = sharing.xp, arguments.named("input", maps)
    for (name, array), shape in zip(named.items(), sharing.shapes, strict=True):
        arguments.check_from(xp, name, array)
        arguments.check_like(xp, name, array, shape, grad.dtype)
    if xp is not np:
        arguments.check_same_device(xp, grad, **named)
    return maps


def _output_arrays(
    sharing: Sharing, outs: Sequence[Any] | None, shapes: Sequence[tuple[int, ...]], dtype: Any, others: dict[str, Any]
) -> Arrays:
    """Arrays of these shapes to write to, which share memory neither with what is read nor with each other."""
    written: list[Any] = []
    for level, shape in enumerate(shapes):
        beside = others | {f"out[{i}]": array for i, array in enumerate(written)}
        written.append(arguments.output_array(sharing.xp, outs[level] if outs else None, shape, dtype, **beside))
    return tuple(written)


# ---- weights of images -----------------------------------------------------------------------------------------------


def _write_for_maps(sharing: Sharing, maps: Arrays | None, weights: Arrays, outs: Arrays, *, check: bool) -> None:
    """SW-6; an average needs no maps."""
    xp, call = sharing.xp, sharing.call
    sent = sharing.sent(sharing.shares(maps), sharing.compared(maps, weights), check=check)
    for level, out in enumerate(outs):
        how = Shape.of(sharing.shapes[level], call.layout, call.weighing.channels)
        of_level = arguments.contiguous(xp, weights[level])
        arrays = {"sent": sent[level], "weights": of_level, "gradient": out}
        run_step(xp, "for_maps", name_of(out.dtype), call.layout, how, **arrays)


def _write_for_weights(sharing: Sharing, maps: Arrays, weights: Arrays, outs: Arrays, *, check: bool = False) -> None:
    """SW-7."""
    xp, call = sharing.xp, sharing.call
    sent = sharing.sent(sharing.shares(maps), sharing.compared(maps, weights), check=check)
    taken: Arrays = (None,) * len(maps)
    if sharing.normalises:
        shapes = tuple(tuple(array.shape) for array in sharing.weights)
        taken = sharing.sent(sharing.taken_by_bins(maps), shapes=shapes)
    for level, out in enumerate(outs):
        how = Shape.of(sharing.shapes[level], call.layout, call.weighing.channels)
        of_level = arguments.contiguous(xp, maps[level])
        arrays = {"maps": of_level, "sent": sent[level], "taken": taken[level], "gradient": out}
        run_step(xp, "for_weights", name_of(out.dtype), call.layout, how, **arrays)


def _write_for_boxes(sharing: Sharing, maps: Arrays, weights: Arrays, out: Any, *, check: bool = False) -> None:
    """SW-8."""
    xp, layout = sharing.xp, sharing.call.layout
    products = sharing.weighed(maps, weights)
    if sharing.call.mean:
        slope_of_means(sharing, sharing.shares(maps), products, out, check=check)
        return
    slope(xp, OF_BOXES, sharing.shares(), products, sharing.rows, sharing.of_roi_align(), out=out, check=check)
    if not (sharing.normalises and sharing.grad.size):
        return
    # What the sums of weights change as boxes move.
    asked = sharing.of_roi_align(tuple(tuple(array.shape) for array in sharing.weights))
    taken = slope(
        xp, OF_BOXES, sharing.taken_by_bins(maps), sharing.weights, sharing.rows, asked, out=None, check=False
    )
    run_step(xp, "take_away", name_of(out.dtype), layout, Shape(len(out), 1, 4), taken=taken, **{"from": out})


# ---- weights of RoIs -------------------------------------------------------------------------------------------------


def _write_maps_of_rois(sharing: Sharing, maps: Arrays | None, weights: Arrays, outs: Arrays, *, check: bool) -> None:
    """SW-6, of weights of RoIs; an average needs no maps."""
    del weights  # which have their parts
    sharing.check(wanted=check)
    with rois.as_computed(sharing, outs) as gradients:
        for gradient in gradients:
            gradient.fill(0)
        for part in rois.parts(sharing):
            of_rois = part.sharing
            own = None if maps is None else rois.maps_of(part, maps)
            compared = None if own is None else of_rois.compared(own, of_rois.weights)
            rois.add_rois(part, of_rois.sent(of_rois.shares(own), compared), gradients)


def _write_weights_of_rois(sharing: Sharing, maps: Arrays, weights: Arrays, outs: Arrays, *, check: bool) -> None:
    """SW-7, likewise."""
    del weights
    sharing.check(wanted=check)
    for part in rois.parts(sharing):
        with rois.as_computed(sharing, tuple(out[part.several] for out in outs)) as gradients:
            _write_for_weights(part.sharing, rois.maps_of(part, maps), part.sharing.weights, gradients)


def _write_boxes_with_weights(sharing: Sharing, maps: Arrays, weights: Arrays, out: Any, *, check: bool) -> None:
    """SW-8, likewise."""
    del weights
    sharing.check(wanted=check)
    for part in rois.parts(sharing):
        _write_for_boxes(part.sharing, rois.maps_of(part, maps), part.sharing.weights, out[part.several])
