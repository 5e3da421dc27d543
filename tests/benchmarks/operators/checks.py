"""What tests of operators share whose results are held against a reference: rows, ways to spoil a result, calls on the host."""

import sys
from dataclasses import replace

import numpy as np

from benchmarks.measuring import references
from roikit import kernels


def boxes_of_both_levels(rng, count):
    """Boxes of stride 8 and of stride 16, on an image of 320 × 500 pixels; some over its edge."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(-0.1, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


def put(monkeypatch, operator, row):
    """Makes a row that of its name, on a CPU and on a GPU."""
    monkeypatch.setitem(operator.cpu_rows, row.name, row)
    monkeypatch.setitem(operator.gpu_rows, row.name, row)


def right(operator, work, operation, layout="NCHW", dtype="float32"):
    """The reference of an operation, and the judgement of ours by it, which must be a good one."""
    expected = operator.reference(work, 1, operation)
    judgement = expected.judge(operator.cpu.ours[operation](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct, judgement.reason
    return expected, judgement


def spoil_value(output):
    at = np.unravel_index(abs(output).argmax(), output.shape)
    output[at] *= 1.5


def spoil_first(output):
    output[:] = output[::-1].copy()


def spoil_not_written(output):
    output[1, 1] = np.nan


SPOILS = (spoil_value, spoil_first, spoil_not_written)
"""Whatever may be done to a result."""


def wrong(operator, work, operation, spoil):
    """Asserts that what is spoilt is seen."""
    outputs = operator.cpu.ours[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = operator.reference(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def narrow(operator, work, shares):
    """Asserts that bounds are no more than shares of what they bound, by operation: otherwise they would let anything pass."""
    for operation, share in shares.items():
        for block in operator.reference(work, 1, operation).blocks:
            assert np.median(block.bound) < share * np.abs(block.value).max()


def few_are_checked(monkeypatch):
    """Makes rows too large to be checked throughout."""
    monkeypatch.setattr(references, "WHOLE", 10)
    monkeypatch.setattr(references, "SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_CHANNELS", 3)
    monkeypatch.setattr("benchmarks.measuring.judgement.SAMPLED_ROIS", 2)


def on_host(gpu, monkeypatch, names, places, result):
    """Sends calls of our kernels, by these names in these places, to the host; their names are put into the list returned.

    ``result`` says shape and data type of what a call gives that is not given an array: nothing is worked out there.
    """
    made = []

    def of(name):
        def call(*arguments, out=None, **keywords):
            gpu.launch()
            made.append(name)
            given = [_held(one) for one in arguments]
            if out is None:
                return sys.modules["cupy"].empty(*result(name, given, keywords))
            getattr(kernels, name)(*given, out=_held(out), **keywords)
            return out

        return call

    for name in names:
        for place in places:
            monkeypatch.setattr(place, name, of(name))
    monkeypatch.setattr(sys.modules["cupy"].cuda, "set_allocator", lambda allocator: None, raising=False)
    return made


def _held(one):
    """An argument as the host has it: an array, those of all levels, or what is no array."""
    if isinstance(one, list):
        return [_held(each) for each in one]
    return one.get() if hasattr(one, "get") else one


def with_first_box(work, corners):
    """A row whose first box has other corners."""
    first, *others = work.levels
    boxes = first.boxes.copy()
    boxes[0, 1:] = corners
    return replace(work, levels=(replace(first, boxes=boxes), *others))
