"""Nothing decides the bits of an operator's results but the call: the number of threads does not."""

import numpy as np
import pytest

from roikit.kernels.calls.problem import forget
from roikit.kernels.staging import pooling_plan
from tests.kernels.operators.arrays import LAYOUTS
from tests.kernels.operators.examples import EXAMPLES


@pytest.fixture
def many_threads(monkeypatch):
    """No call is so small that it is made by one thread."""
    monkeypatch.setattr(pooling_plan, "_SMALL", 0)
    forget()
    yield
    forget()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_number_of_threads_does_not_change_a_bit(name, layout, many_threads, monkeypatch):
    """Of maps of several tiles and slices of channels; values are such that another order of sums would show.

    Memory that was another result before would hide what is not written.
    """
    example = EXAMPLES[name]
    x = example.maps(layout, 24, space=(*example.space[:-2], 37, 41))
    x += np.random.default_rng(3).standard_normal(x.shape).astype(np.float32)
    call, seen = example.call(x, layout, example.boxes * 5), set()
    for i in range(9):
        monkeypatch.setenv("ROIKIT_NUM_THREADS", str(1 + i % 3))
        outs = {each: np.full(call.result_shape(each), np.nan, np.float32) for each in example.operations}
        seen.add(tuple(call(operation, out=out).tobytes() for operation, out in outs.items()))
    assert len(seen) == 1
