"""The calls of our kernels, made with whatever arrays an adapter has: NumPy's, or copies of them elsewhere.

Each function gets a call, what turns its arrays into those of the kernels, and where the output is to go, if that is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import kernels
from ..operation import Operation
from ..operators import dialects_of
from .roikit_sides import bordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from ..call import Call
    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.deform_ps_roi_pool.call import DeformedPsCall
    from ..operators.deform_roi_pool.call import DeformedCall
    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall
    from ..operators.multiscale_weighted_roi_align.call import WeightedPyramidCall
    from ..operators.prroi_pool.call import PrRoiPoolCall
    from ..operators.ps_roi_align.call import PsRoiAlignCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.riroi_align_rotated.call import RotationInvariantCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_3d.call import VolumeCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall
    from ..operators.weighted_roi_align.call import WeightedRoiAlignCall

    Arrays = Callable[[np.ndarray], Any]


def aligned(call: RoiAlignCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `roi_align`."""
    how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect, "check": True}
    where = (call.spatial_scale, call.sampling_ratio)
    boxes = arrays(call.boxes)
    if call.operation == Operation.FORWARD:
        return kernels.roi_align(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.roi_align_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.roi_align_backward(grad, boxes, call.input.shape, *where, **how, input=arrays(call.input))


def pooled(call: RoiPoolCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `roi_pool`."""
    how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect, "check": True}
    maps, boxes, scale = arrays(call.input), arrays(call.boxes), call.spatial_scale
    if call.operation == Operation.FORWARD:
        return kernels.roi_pool(maps, boxes, call.output_size, scale, **how, out=out)
    assert call.grad is not None
    return kernels.roi_pool_backward(arrays(call.grad), boxes, call.input.shape, scale, **how, input=maps)


def selected(call: PsRoiPoolCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `ps_roi_pool`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, scale = arrays(call.boxes), call.spatial_scale
    if call.operation == Operation.FORWARD:
        return kernels.ps_roi_pool(arrays(call.input), boxes, call.output_size, scale, **how, out=out)
    assert call.grad is not None
    return kernels.ps_roi_pool_backward(arrays(call.grad), boxes, call.input.shape, scale, **how)


def selected_samples(call: PsRoiAlignCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `ps_roi_align`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.spatial_scale, call.sampling_ratio)
    if call.operation == Operation.FORWARD:
        return kernels.ps_roi_align(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.ps_roi_align_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.ps_roi_align_backward(grad, boxes, call.input.shape, *where, **how)


def cropped(call: CropAndResizeCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `crop_and_resize`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, indices = map(arrays, call.split())
    mode: Any = call.mode
    if call.operation == Operation.FORWARD:
        where = (call.output_size, mode, call.extrapolation_value)
        return kernels.crop_and_resize(arrays(call.input), boxes, indices, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.crop_and_resize_backward_boxes(grad, arrays(call.input), boxes, indices, mode, **how)
    return kernels.crop_and_resize_backward(grad, boxes, indices, call.input.shape, mode, **how)


def integrated(call: PrRoiPoolCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `prroi_pool`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, scale = arrays(call.boxes), call.spatial_scale
    if call.operation == Operation.FORWARD:
        return kernels.prroi_pool(arrays(call.input), boxes, call.output_size, scale, **how, out=out)
    assert call.grad is not None
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.prroi_pool_backward_boxes(arrays(call.grad), arrays(call.input), boxes, scale, **how)
    return kernels.prroi_pool_backward(arrays(call.grad), boxes, call.input.shape, scale, **how)


def rotated(call: RotatedCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `roi_align_rotated`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.single_scale(), call.sampling_ratio)
    if call.operation == Operation.FORWARD:
        return kernels.roi_align_rotated(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.roi_align_rotated_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.roi_align_rotated_backward(grad, boxes, call.input.shape, *where, **how)


def oriented(call: RotationInvariantCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `riroi_align_rotated`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.single_scale(), call.sampling_ratio, call.num_orientations)
    if call.operation == Operation.FORWARD:
        return kernels.riroi_align_rotated(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.riroi_align_rotated_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.riroi_align_rotated_backward(grad, boxes, call.input.shape, *where, **how)


def of_levels(call: MultiscaleRoiAlignCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `multiscale_roi_align`."""
    rules = dialects_of("multiscale_roi_align")[call.dialect]
    how: dict[str, Any] = {
        "layout": call.layout,
        "dialect": rules.sampling,
        "level_rule": rules.level_rule,
        "check": True,
    }
    how |= {"canonical_size": call.canonical_size, "canonical_level": call.canonical_level}
    if rules.level_rule == "mmdetection" and call.level_sizes:  # which is told the least size of the first level
        how |= {"canonical_size": call.finest_size(), "canonical_level": call.first_level()}
    boxes, where, maps = arrays(call.boxes), (call.scales(), call.sampling_ratio), call.levels()
    if call.operation == Operation.FORWARD:
        return kernels.multiscale_roi_align(
            [arrays(level) for level in maps], boxes, call.output_size, *where, **how, out=out
        )
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.multiscale_roi_align_backward_boxes(
            grad, [arrays(level) for level in maps], boxes, *where, **how
        )
    return kernels.multiscale_roi_align_backward(grad, boxes, [level.shape for level in maps], *where, **how)


def of_pyramids(call: MultiscaleRoiAlignCall, arrays: Arrays, as_numpy: Arrays, out: Any = None) -> np.ndarray:
    """Makes a call of an operator on pyramids whose dialects choose levels; of the gradients for all maps one array."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True, **related_sizes(call)}
    boxes, where = arrays(call.boxes), (call.scales(), call.sampling_ratio)
    maps = [arrays(level) for level in call.levels()]
    if call.operation == Operation.FORWARD:
        forward = getattr(kernels, call.operator)
        return as_numpy(forward(maps, boxes, call.output_size, *where, **how, out=out))  # type: ignore[no-any-return]
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        for_boxes = getattr(kernels, f"{call.operator}_backward_boxes")
        return as_numpy(for_boxes(grad, maps, boxes, *where, **how))  # type: ignore[no-any-return]
    shapes = [level.shape for level in maps]
    found = getattr(kernels, f"{call.operator}_backward")(grad, boxes, shapes, *where, **how)
    return call.joined([as_numpy(array) for array in found])


def related_sizes(call: MultiscaleRoiAlignCall) -> dict[str, Any]:
    """What our functions relate the sizes of boxes to."""
    rules = dialects_of(call.operator)[call.dialect]
    if rules.level_rule == "mmdetection" and call.level_sizes:  # which is told the least size of the first level
        return {"canonical_size": call.finest_size(), "canonical_level": call.first_level()}
    return {"canonical_size": call.canonical_size, "canonical_level": call.canonical_level}


def weighed_on_pyramids(call: WeightedPyramidCall, arrays: Arrays, as_numpy: Arrays, out: Any = None) -> np.ndarray:
    """Makes a call of `multiscale_weighted_roi_align`; of the gradients for all maps, or all weights, one array."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True, **related_sizes(call)}
    how |= call.weighing
    boxes, where = arrays(call.boxes), (call.scales(), call.sampling_ratio)
    maps, weights = ([arrays(level) for level in call.levels(array)] for array in (call.input, call.weights))
    if call.operation == Operation.FORWARD:
        found = kernels.multiscale_weighted_roi_align(maps, boxes, weights, call.output_size, *where, **how, out=out)
        return as_numpy(found)  # type: ignore[no-any-return]
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        moved = kernels.multiscale_weighted_roi_align_backward_boxes(grad, maps, boxes, weights, *where, **how)
        return as_numpy(moved)  # type: ignore[no-any-return]
    if call.operation == Operation.WEIGHT_GRADIENT:
        of_weights = kernels.multiscale_weighted_roi_align_backward_weights(grad, maps, boxes, weights, *where, **how)
        return call.joined_weights([as_numpy(array) for array in of_weights])
    how["inputs"] = None if call.mode == "avg" else maps
    shapes = [level.shape for level in call.levels()]
    of_maps = kernels.multiscale_weighted_roi_align_backward(grad, boxes, weights, shapes, *where, **how)
    return call.joined([as_numpy(array) for array in of_maps])


def weighed(call: WeightedRoiAlignCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `weighted_roi_align`."""
    how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect, "check": True}
    how |= {"normalise": call.normalise, "guard": call.guard, "epsilon": call.epsilon, "weights_of": call.weights_of}
    how |= {"p": call.p, "beta": call.beta}
    where = (call.spatial_scale, call.sampling_ratio)
    boxes, weights = arrays(call.boxes), arrays(call.weights)
    if call.operation == Operation.FORWARD:
        return kernels.weighted_roi_align(arrays(call.input), boxes, weights, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.FEATURE_GRADIENT:
        how["input"] = None if call.mode == "avg" else arrays(call.input)
        return kernels.weighted_roi_align_backward(grad, boxes, weights, call.input.shape, *where, **how)
    if call.operation == Operation.WEIGHT_GRADIENT:
        return kernels.weighted_roi_align_backward_weights(grad, arrays(call.input), boxes, weights, *where, **how)
    return kernels.weighted_roi_align_backward_boxes(grad, arrays(call.input), boxes, weights, *where, **how)


def deformed(call: DeformedCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `deform_roi_pool`."""
    how: dict[str, Any] = {"gamma": call.gamma, "layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.spatial_scale, call.sampling_ratio)
    offset = None if call.offset is None else arrays(call.offset)
    if call.operation == Operation.FORWARD:
        maps = arrays(call.input)
        return kernels.deform_roi_pool(maps, boxes, call.output_size, *where, offset=offset, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.FEATURE_GRADIENT:
        return kernels.deform_roi_pool_backward(grad, boxes, call.input.shape, *where, offset=offset, **how)
    if call.operation == Operation.OFFSET_GRADIENT:
        return kernels.deform_roi_pool_backward_offset(grad, arrays(call.input), boxes, offset, *where, **how)
    return kernels.deform_roi_pool_backward_boxes(grad, arrays(call.input), boxes, *where, offset=offset, **how)


def of_volumes(call: VolumeCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `roi_align_3d`."""
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.spatial_scale, call.sampling_ratio)
    if call.operation == Operation.FORWARD:
        return kernels.roi_align_3d(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.roi_align_3d_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.roi_align_3d_backward(grad, boxes, call.input.shape, *where, **how)


def deformed_in_groups(call: DeformedPsCall, arrays: Arrays, out: Any = None) -> Any:
    """Makes a call of `deform_ps_roi_pool`."""
    how: dict[str, Any] = {"gamma": call.gamma, "group_size": call.group_size}
    how |= {"layout": call.layout, "dialect": call.dialect, "check": True}
    boxes, where = arrays(call.boxes), (call.spatial_scale, call.sampling_ratio)
    offset = None if call.offset is None else arrays(call.offset)
    if call.operation == Operation.FORWARD:
        maps = arrays(call.input)
        return kernels.deform_ps_roi_pool(maps, boxes, call.output_size, *where, offset=offset, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.FEATURE_GRADIENT:
        return kernels.deform_ps_roi_pool_backward(grad, boxes, call.input.shape, *where, offset=offset, **how)
    return kernels.deform_ps_roi_pool_backward_offset(grad, arrays(call.input), boxes, offset, *where, **how)


def _of_all_levels(call: MultiscaleRoiAlignCall, arrays: Arrays, as_numpy: Arrays, out: Any) -> np.ndarray:
    """What a pooler returned as the call has it: of the gradients for the maps of all levels one array."""
    found = of_levels(call, arrays, out)
    if call.operation == Operation.FEATURE_GRADIENT:
        return call.joined([as_numpy(array) for array in found])
    return as_numpy(found)  # type: ignore[no-any-return]


_MAKERS: Mapping[str, Callable[..., Any]] = {
    "roi_align": aligned,
    "roi_pool": pooled,
    "ps_roi_pool": selected,
    "ps_roi_align": selected_samples,
    "crop_and_resize": cropped,
    "prroi_pool": integrated,
    "weighted_roi_align": weighed,
    "roi_align_rotated": rotated,
    "deform_roi_pool": deformed,
    "roi_align_3d": of_volumes,
    "deform_ps_roi_pool": deformed_in_groups,
    "riroi_align_rotated": oriented,
}
_WHOLE: Mapping[str, Callable[..., np.ndarray]] = {
    "multiscale_roi_align": _of_all_levels,
    "multiscale_roi_align_rotated": of_pyramids,
    "multiscale_ps_roi_align": of_pyramids,
    "multiscale_weighted_roi_align": weighed_on_pyramids,
    "border_align": bordered,
}
"""Of operators whose answers are not one array as it is."""


def maker_of(operator: str) -> Callable[..., Any]:
    """The function that makes the calls of an operator."""
    return _WHOLE.get(operator) or _MAKERS[operator]


def made(
    call: Call, arrays: Arrays = lambda array: array, as_numpy: Arrays = lambda array: array, out: Any = None
) -> np.ndarray:
    """The answer to a call of any operator, with ``arrays`` of its arrays, ``as_numpy``."""
    if whole := _WHOLE.get(call.operator):
        return whole(call, arrays, as_numpy, out)
    return as_numpy(_MAKERS[call.operator](call, arrays, out))  # type: ignore[no-any-return]


class OfEveryOperator:
    """An adapter of our kernels, to which the calls of all operators go one way."""

    def _made(self, call: Any, out: np.ndarray | None) -> np.ndarray:
        raise NotImplementedError

    def answer(self, call: Any, out: np.ndarray | None = None) -> np.ndarray:
        """Makes a call of any operator, or of a gradient of it, by `roikit.kernels`."""
        return self._made(call, out)

    roi_align = roi_pool = ps_roi_pool = ps_roi_align = crop_and_resize = prroi_pool = answer
    multiscale_roi_align = weighted_roi_align = roi_align_rotated = border_align = deform_roi_pool = answer
    deform_ps_roi_pool = riroi_align_rotated = roi_align_3d = multiscale_roi_align_rotated = answer
    multiscale_ps_roi_align = multiscale_weighted_roi_align = answer
