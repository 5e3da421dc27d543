"""No call of any operator writes beside its result, whatever its boxes are; and maps may have more than 2³¹ elements."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.kernels import InvalidRoiError
from tests.kernels.operators.arrays import LAYOUTS, drawn
from tests.kernels.operators.examples import EXAMPLES, OF_MAPS
from tests.kernels.operators.guarded import Guarded

EVERY = pytest.mark.parametrize("name", EXAMPLES)
IMAGES = st.sampled_from([0, 1, 0, 1, 0, 1, 2, -1, 0.5, 2.0**31, np.nan])  # most are of an image
NUMBERS = st.one_of(st.floats(-4, 12, width=32), st.floats(-(2.0**20), 2.0**20, width=32), st.floats(width=32))
ROWS = st.lists(st.tuples(IMAGES, *[NUMBERS] * 6), min_size=1, max_size=4)


@EVERY
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, numbers=st.randoms(), layout=st.sampled_from(LAYOUTS))
def test_no_box_whatever_corrupts_memory(name, rows, numbers, layout):
    """A call either is refused, or leaves alone what is around its result."""
    example = EXAMPLES[name]
    rows = [row[: len(example.boxes[0])] for row in rows]
    how = {name: numbers.choice(values) for name, values in example.choices.items()}
    how |= {"dialect": numbers.choice(sorted(example.dialects)), "spatial_scale": 0.5}
    call = example.call(example.maps(layout), layout, rows, **how)
    for operation in example.operations:
        out = Guarded(call.result_shape(operation), np.float32, 77)
        with suppress(InvalidRoiError):
            call(operation, out=out.array)
        assert out.is_left_alone(), (operation, how)


@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY
def test_more_than_2_to_the_31_elements_are_addressed_right(name, layout):
    """The map is never written to, but for its last pixels, so that the system need not provide its memory."""
    example = EXAMPLES[name]
    channels = (2**15 // example.unit + 4) * example.unit
    shape = (1, channels, *example.far) if layout == "NCHW" else (1, *example.far, channels)
    x, end = np.zeros(shape, np.float16), [slice(-4, None)] * len(example.far)
    assert x.size > 2**31
    x[(0, -1, *end) if layout == "NCHW" else (0, *end, -1)] = drawn([4] * len(end))
    call = example.call(x, layout, [example.last])
    out = np.moveaxis(call("forward"), 1 if layout == "NCHW" else -1, 0)
    assert out[-1].any()
    assert not out[:-1].any()
    for operation in set(example.operations[1:]) - {*OF_MAPS, *example.allocates}:
        assert call(operation, grad=np.ones_like(call.given["grad"])).any(), operation
