"""Plain functions that are right about every rule, and wrong at a size, or about memory. Run by a worker, not by pytest."""

import numpy as np
from players import transcribed


def first_256_outputs(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    result.reshape(-1)[256:] = 0
    return result


def first_4096_outputs(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    result.reshape(-1)[4096:] = 0
    return result


def first_64_channels(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    result[:, 64:] = 0
    return result


def last_partial_tile_of_8_rois(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    if len(boxes) > 8:
        result[len(boxes) // 8 * 8 :] = 0
    return result


def roi_index_in_8_bits(input, boxes, *how):
    return transcribed(input, boxes[np.arange(len(boxes)) % 256], *how)


def image_index_in_8_bits(input, boxes, *how):
    read = boxes.copy()
    read[:, 0] %= 256
    return transcribed(input, read, *how)


def _read_in_a_row(array):
    """The numbers that follow each other in memory from where it begins."""
    memory = array
    while isinstance(memory.base, np.ndarray) and memory.base.dtype == array.dtype:
        memory = memory.base
    return np.resize(memory.ravel("K"), array.shape)


def strides_of_boxes_ignored(input, boxes, *how):
    read = _read_in_a_row(boxes)
    read[:, 0] = boxes[:, 0]  # so that it reads no image that is not there
    return transcribed(input, read, *how)


def strides_of_the_map_ignored(input, boxes, *how):
    return transcribed(_read_in_a_row(input), boxes, *how)


def writes_to_its_boxes(input, boxes, *how):
    boxes += 0
    return transcribed(input, boxes, *how)


def mask_heads_mirrored(input, boxes, *how):
    result = transcribed(input, boxes, *how)
    return result[..., ::-1] if result.shape[2:] == (14, 14) else result


FAULTS = (
    first_256_outputs,
    first_4096_outputs,
    first_64_channels,
    last_partial_tile_of_8_rois,
    roi_index_in_8_bits,
    image_index_in_8_bits,
    strides_of_boxes_ignored,
    strides_of_the_map_ignored,
    writes_to_its_boxes,
    mask_heads_mirrored,
)
