"""Plain functions that are right when they are asked once, and keep something for later calls. Run by a worker, not by pytest."""

import os

import numpy as np
from players import transcribed

_kept = {}
_scratch = np.empty(2**22, np.uint8)
_home = os.getpid()


def _known(key, value):
    """What was kept under a key when it was first asked for."""
    return _kept.setdefault(repr(key), value)


def scale_kept_for_a_box(input, boxes, size, scale, *how):
    return transcribed(input, boxes, size, _known(boxes.tolist(), scale), *how)


def boxes_kept_by_shape(input, boxes, size, scale, *how):
    boxes = _known((input.shape, boxes.shape, size, scale, how), boxes.copy())
    return transcribed(input, boxes, size, scale, *how)


def ratio_kept_by_all_shapes(input, boxes, size, scale, ratio, *how):
    return transcribed(input, boxes, size, scale, _known((input.shape, boxes.shape, size), ratio), *how)


def bins_kept_by_their_number(input, boxes, size, *how):
    kept = _known((boxes.tolist(), np.prod(size)), size)
    return transcribed(input, boxes, kept, *how).reshape(len(boxes), input.shape[1], *size)


def image_size_kept_by_number_of_pixels(input, boxes, *how):
    kept = _known((boxes.tolist(), input.shape[:2], input.size), input.shape)
    return transcribed(np.ascontiguousarray(input).reshape(kept), boxes, *how)


def image_count_kept_by_the_rest(input, boxes, *how):
    images, channels, *plane = input.shape
    kept = _known((boxes.shape, channels, plane), images)
    start = np.arange(images)[:, None] + kept * np.arange(channels)  # channels come first in its scratch
    planes = np.ascontiguousarray(input.swapaxes(0, 1)).reshape(-1, *plane)
    return transcribed(planes[start % len(planes)], boxes, *how)


def channel_count_kept_by_the_rest(input, boxes, *how):
    images, channels, *plane = input.shape
    kept = _known((boxes.shape, images, plane), channels)
    result = transcribed(input, boxes, *how)
    result[:, kept:] = 0
    return result


def roi_count_kept_by_the_rest(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    result[_known((input.shape, how), len(boxes)) :] = 0
    return result


def map_known_by_its_corner(input, boxes, *how):
    return transcribed(_known((input.shape, input.flat[0]), input.copy()), boxes, *how)


def map_known_by_its_object(input, boxes, *how):
    kept, _ = _known((id(input), input.shape), (input.copy(), input))
    return transcribed(kept, boxes, *how)


def one_output_buffer_for_a_shape(input, boxes, *how):
    right = transcribed(input, boxes, *how)
    buffer = _known((right.shape, right.dtype), right)
    buffer[...] = right
    return buffer


def geometry_of_the_call_before(input, boxes, size, scale, *how):
    """Takes boxes for those of the call before, if these are as many, and two calls with them were made."""
    before, count = _kept.get("before", (boxes, 0))
    if before.shape == boxes.shape and count == 2:
        _kept["before"] = boxes.copy(), 0
        return transcribed(input, before, size, scale, *how)
    same = np.array_equal(before, boxes)
    _kept["before"] = boxes.copy(), count + 1 if same else 1
    return transcribed(input, boxes, size, scale, *how)


def scratch_shared_by_threads(input, boxes, *how):
    if input.nbytes > len(_scratch):
        return transcribed(input, boxes, *how)
    maps = _scratch[: input.nbytes].view(input.dtype).reshape(input.shape)
    maps[...] = input
    return transcribed(maps, boxes, *how)


def broken_after_a_fork(input, boxes, *how):
    return transcribed(input, boxes, *how) * (os.getpid() == _home)


FAULTS = (
    scale_kept_for_a_box,
    boxes_kept_by_shape,
    ratio_kept_by_all_shapes,
    bins_kept_by_their_number,
    image_size_kept_by_number_of_pixels,
    image_count_kept_by_the_rest,
    channel_count_kept_by_the_rest,
    roi_count_kept_by_the_rest,
    map_known_by_its_corner,
    map_known_by_its_object,
    one_output_buffer_for_a_shape,
    geometry_of_the_call_before,
    scratch_shared_by_threads,
    broken_after_a_fork,
)
