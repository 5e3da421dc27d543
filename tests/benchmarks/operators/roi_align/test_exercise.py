"""What runs under the sanitizers makes calls that the kernels take, without a GPU: on the stand-in for CuPy."""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.operators.roi_align import exercise
from roikit import kernels


@pytest.fixture
def exercised(gpu, monkeypatch):
    """The calls of `exercise` go to the host; what they were, by name, is returned."""
    calls = []

    def on_host(name):
        def call(first, *positional, **keywords):
            made = [sound(array) for array in (first, *positional)]
            given = {key: sound(array) for key, array in keywords.items()}
            maps, boxes = (first[0] if isinstance(first, list) else first), positional[0]
            calls.append((name, maps.dtype.name, maps.shape, keywords["layout"], keywords.get("mode"), np.shape(boxes)))
            result = getattr(kernels, name)(*made, **given)
            return sys.modules["cupy"].asarray(result) if isinstance(result, np.ndarray) else result

        return call

    for name in ("roi_align", *GRADIENTS_AND_POOLERS):
        monkeypatch.setattr(exercise, name, on_host(name))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return calls


GRADIENTS_AND_POOLERS = (
    "roi_align_backward",
    "roi_align_backward_boxes",
    "multiscale_roi_align",
    "multiscale_roi_align_backward",
    "multiscale_roi_align_backward_boxes",
)


def sound(array):
    """Returns an argument for the host; without the last two boxes of the small calls, which are to be refused."""
    if isinstance(array, list) and hasattr(array[0], "get"):
        return [one.get() for one in array]
    if not hasattr(array, "get"):
        return array
    return array.get()[:-2] if len(array) == 8 else array.get()


def test_a_row_runs_under_the_tools(small, exercised):
    result = CliRunner().invoke(app, ["roi_align", "--row", "a1", "--dtype", "float16"])
    assert result.output == "2 launches exercised\n"
    assert [name for name, *_ in exercised] == ["roi_align"] * 2


def test_small_calls_of_all_operations_run_under_the_tools(exercised):
    result = CliRunner().invoke(app, ["roi_align"])
    assert result.exit_code == 0, result.output
    kinds = 2 * 2 * 2  # layouts, modes, grids
    forward, others = 2 * kinds * 4 * 4, 2 * kinds * 2 * 3  # with and without RoIs; data types, numbers of channels
    assert result.output == f"{forward + 5 * others} launches exercised\n"
    names = [name for name, *_ in exercised]
    assert names.count("roi_align") == forward
    assert [names.count(name) for name in GRADIENTS_AND_POOLERS] == [others] * 5
    assert len({call for call in exercised if call[0] == "roi_align"}) == forward / 2, (
        "all but the grids are told apart"
    )
