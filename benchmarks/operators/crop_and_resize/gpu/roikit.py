"""Our kernels on a GPU, through CuPy, with the outputs given.

For cold inputs the gradients that are written take turns too: they may fit into the cache.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import crop_and_resize, crop_and_resize_backward, crop_and_resize_backward_boxes

from ....measuring.device_contestant import DeviceContestant, gradients_like_maps
from ....workloads import gradients_of, maps_of
from ..operations import Operation
from ..workloads import boxes_of

if TYPE_CHECKING:
    from ....measuring.device import Timer
    from ....measuring.device_contestant import Inputs
    from ....measuring.problem import Problem


def _boxes(inputs: Inputs) -> list[tuple[Any, Any]]:
    """Boxes and indices of each level, on the device."""
    import cupy

    found = (boxes_of(level, inputs.dtype) for level in inputs.problem.levels)
    return [(cupy.asarray(boxes.corners), cupy.asarray(boxes.indices)) for boxes in found]


def forward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Prepares cropping."""
    row, levels, boxes = inputs.problem.row, inputs.problem.levels, _boxes(inputs)
    layout: Any = inputs.layout
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def call(images: list[Any]) -> list[Any]:
        given = zip(images, boxes, owned, strict=True)
        return [crop_and_resize(image, *of_level, row.bins, layout=layout, out=out) for image, of_level, out in given]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)


def backward(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Prepares the gradient for the images."""
    boxes, owned = _boxes(inputs), gradients_like_maps(inputs)
    layout: Any = inputs.layout

    def call(grads: list[Any]) -> list[Any]:
        return [
            crop_and_resize_backward(grad, *of_level, out.shape, layout=layout, out=out)
            for grad, of_level, out in zip(grads, boxes, owned[id(grads)], strict=True)
        ]

    all_outs = list(chain.from_iterable(owned.values()))
    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, all_outs)


def of_boxes(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Prepares the gradient for the boxes."""
    import cupy

    levels, boxes = inputs.problem.levels, _boxes(inputs)
    layout: Any = inputs.layout
    owned = [cupy.empty((len(level.boxes), 4), np.float32) for level in levels]

    def call(given: list[Any]) -> list[Any]:
        images, grads = given[: len(levels)], given[len(levels) :]
        return [
            crop_and_resize_backward_boxes(grad, image, *of_level, layout=layout, out=out)
            for grad, image, of_level, out in zip(grads, images, boxes, owned, strict=True)
        ]

    return DeviceContestant("roikit", inputs, call, lambda out: out, timer.capture, owned)


def _both(problem: Problem) -> list[np.ndarray]:
    """What the gradient for boxes reads: images, and what arrives."""
    return [*maps_of(problem), *gradients_of(problem)]


INPUTS = {Operation.FORWARD: maps_of, Operation.BACKWARD: gradients_of, Operation.BOXES: _both}
OURS = {Operation.FORWARD: forward, Operation.BACKWARD: backward, Operation.BOXES: of_boxes}
