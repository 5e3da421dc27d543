"""Calls of every operator on the CPU: where results go, what is refused, what there is nothing of; strides do not matter."""

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError
from tests.kernels.operators.arrays import LAYOUTS
from tests.kernels.operators.examples import EXAMPLES
from tests.kernels.operators.guarded import Guarded

EVERY = pytest.mark.parametrize("name", EXAMPLES)


def called(name, layout="NCHW", rows=None):
    example = EXAMPLES[name]
    return example, example.call(example.maps(layout), layout, rows)


@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY
def test_a_result_goes_where_it_is_told_and_nothing_beside_it_or_the_workspace_is_written_to(name, layout):
    example, call = called(name, layout)
    for operation in example.operations:
        right = call(operation)
        assert right.any(), operation
        out = Guarded(right.shape, right.dtype, 77)
        given, spaces = {"out": out.array}, [out]
        if size := call.workspace_bytes(operation):
            spaces.append(Guarded((size,), np.uint8, 0x5A))
            given["workspace"] = spaces[-1].array
        assert call(operation, **given) is out.array, operation
        assert np.array_equal(out.array, right), operation
        assert all(space.is_left_alone() for space in spaces), operation


@EVERY
def test_a_workspace_that_is_too_small_is_refused(name):
    _, call = called(name)
    size = call.workspace_bytes("backward")
    if size:
        with pytest.raises(ValueError, match=f"workspace has {size - 1} bytes, but this call needs {size}"):
            call("backward", workspace=np.empty(size - 1, np.uint8))


def strided(array):
    """The same numbers, with others between them, read-only."""
    wider = np.repeat(array, 2, axis=-1)
    wider[..., 1::2] = 99
    view = wider[..., ::2]
    view.flags.writeable = False
    return view


def reversed_in_memory(array):
    return array[::-1].copy()[::-1]


@EVERY
def test_strides_do_not_matter_nor_that_arrays_are_read_only(name):
    example, call = called(name)
    for arranged in (strided, np.asfortranarray, reversed_in_memory):
        other = call.with_arrays(arranged)
        for operation in example.operations:
            assert np.array_equal(other(operation), call(operation)), operation


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.lists])
def test_a_list_of_boxes_for_each_image_is_the_same_as_rows(name):
    example = EXAMPLES[name]
    rows = np.array(sorted(example.boxes, key=lambda row: row[0]), np.float32)
    call = example.call(example.maps("NCHW"), "NCHW", rows)
    listed = [rows[rows[:, 0] == image, 1:] for image in range(2)]
    for operation in example.operations:
        assert np.array_equal(call(operation, boxes=listed), call(operation)), operation


def spoilt(example):
    """Rows that cannot be pooled: of no image, with a number that is none, and those that the example names."""
    good = example.boxes[0]
    yield from ((index, *good[1:]) for index in example.no_image)
    for column in range(1, len(good)):
        yield from ((*good[:column], number, *good[column + 1 :]) for number in (np.nan, np.inf, -np.inf))
    yield from example.refused


def refusal(call, operation):
    """Why a call is refused; nothing if it is not."""
    try:
        call(operation)
    except InvalidRoiError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY
def test_a_roi_that_cannot_be_pooled_is_named(name, layout):
    example = EXAMPLES[name]
    for row in spoilt(example):
        call = example.call(example.maps(layout), layout, [example.boxes[0], row])
        for operation in example.operations:
            assert "boxes[1] cannot be pooled" in refusal(call, operation), (operation, row)


@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY
def test_nothing_to_do_gives_an_empty_output_and_gradients_of_zeros(name, layout):
    """There are no RoIs, no channels, no images, or no bins."""
    example = EXAMPLES[name]
    maps = {(channels, images): example.maps(layout, channels, images) for channels, images in ((2, 2), (0, 2), (2, 0))}
    calls = [
        example.call(maps[2, 2], layout, ()),
        example.call(maps[0, 2], layout),
        example.call(maps[2, 0], layout, ()),
    ]
    if example.size:
        calls.append(example.call(maps[2, 2], layout, bins=(0, *example.bins[1:])))
    for empty in calls:
        for operation in example.operations:
            result = empty(operation)
            assert result.shape == empty.result_shape(operation), operation
            assert not result.any(), operation
