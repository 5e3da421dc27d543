"""The program that runs under the tools on a GPU, without one: on the stand-in for CuPy, its calls made on the host."""

import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.exercise import app
from benchmarks.operators.crop_and_resize import exercise
from roikit import kernels

NAMES = ("crop_and_resize", "crop_and_resize_backward", "crop_and_resize_backward_boxes")


@pytest.fixture
def calls(gpu, monkeypatch):
    """Calls of our kernels go to the host; their names are returned."""
    made = []

    def on_host(name):
        def call(*arguments, **rules):
            made.append(name)
            given = [one.get() if hasattr(one, "get") else one for one in arguments]
            refused = given[1 if name != NAMES[2] else 2]
            good = np.isfinite(refused).all(axis=1) & (given[2 if name != NAMES[2] else 3] < 2)
            result = getattr(kernels, name)(*(_only(good, each, len(refused)) for each in given), **rules)
            return sys.modules["cupy"].empty(*_whole(result, name, len(refused)))

        return call

    for name in NAMES:
        monkeypatch.setattr(exercise, name, on_host(name))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return made


def _only(good, given, count):
    """What is of boxes, of those that a host does not refuse."""
    of_boxes = isinstance(given, np.ndarray) and given.shape[0] == count and count != 2
    return given[good] if of_boxes else given


def _whole(result, name, count):
    """Shape and data type of what a GPU returns, for all boxes."""
    shape = result.shape if name == NAMES[1] else (count, *result.shape[1:])
    return shape, result.dtype


def test_a_row_runs_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["crop_and_resize", "--row", "e", "--dtype", "float16"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == "1 launches exercised\n"
    assert calls == ["crop_and_resize"]


def test_small_calls_run_under_the_tools(calls):
    outcome = CliRunner().invoke(app, ["crop_and_resize"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output == f"{4 * 2 * 4 * 2 * 2 * 2 * 3} launches exercised\n"


def test_other_kernels_than_ours_are_not_timed(calls):
    assert CliRunner().invoke(app, ["crop_and_resize", "--library", "torchvision"]).exit_code == 2
