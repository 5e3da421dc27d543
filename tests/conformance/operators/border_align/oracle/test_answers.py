"""Which answers the oracle of BorderAlign gives: mmcv's numbers, differences, and bounds that hold of another computation."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.operation import Operation
from roikit.conformance.operators import folder
from roikit.conformance.operators.border_align.draws.chance import arguments
from roikit.conformance.operators.border_align.oracle.face import ORACLE
from roikit.kernels.dialects.border_align import DIALECTS

MMCV = {
    entry["id"]: entry for entry in json.loads(folder("border_align").joinpath("published.json").read_text())["entries"]
}
SENT = {
    1: [
        [[0, 1, 4, 6], [0, 1, 0, 0], [0, 0, 0, 0]],
        [[2, 4, 0, 0], [0, 0, 0, 0], [4, 1, 1, 0]],
        [[0, 0, 0, 0], [0, 0, 3, 3], [0, 2, 1, 3]],
        [[0, 1, 4, 6], [0, 0, 0, 0], [0, 1, 0, 0]],
    ],
    2: [
        [[0, 1, 4, 6], [0, 1, 0, 0], [0, 0, 0, 0]],
        [[2, 4, 0, 0], [0, 0, 0, 0], [4, 1, 1, 0]],
        [[0, 0, 0, 0], [0, 0, 5, 1], [0, 2, 1, 3]],
        [[0, 1, 4, 6], [0, 0, 0, 0], [0, 1, 0, 0]],
    ],
}
"""The gradient that mmcv's test of each ``pool_size`` has, of ones, for the maps of each side."""


def answered(given_, dialect="mmcv", operation=Operation.FORWARD, dtype="float32"):
    return ORACLE.answer_in(given_, operation, DIALECTS[dialect], dtype)


@pytest.mark.parametrize("pool_size", [1, 2])
def test_gradients_are_those_of_mmcv(pool_size):
    """That its outputs are, `golden.published` sees."""
    given_ = MMCV[f"mmcv_border_align_pool_{pool_size}"]["arguments"]
    ones = {"shape": [12, 1, 4], "rows": [[1] * 4] * 12}
    found = answered({**given_, "grad": ones}, operation=Operation.FEATURE_GRADIENT)
    assert np.array(found.output).reshape(4, 3, 4).tolist() == SENT[pool_size]
    assert found.bound is None


def test_the_first_of_equal_points_sends_and_moves():
    """On a ridge across all sides each begins with another corner, and points are equal pairwise."""
    rows = np.array(
        [[(x - 4) ** 2 if side % 2 == 0 else (y - 4) ** 2 for x in range(9)] for side in range(4) for y in range(9)]
    )
    given_ = {
        "input": {"shape": [1, 1, 36, 9], "rows": rows.tolist()}, "boxes": [[0, 1, 1, 7, 7]], "pool_size": 2, "mode": "max",
        "grad": {"shape": [1, 1, 4], "rows": [[1, 2, 3, 5]]},
    }  # fmt: skip
    assert answered(given_).output == [[[9, 9, 9, 9]]]
    sent = np.array(answered(given_, operation=Operation.FEATURE_GRADIENT).output).reshape(4, 9, 9)
    assert [tuple(np.argwhere(side)[0].tolist()) for side in sent] == [(1, 1), (1, 1), (7, 7), (7, 7)]
    moved = answered(given_, operation=Operation.BOX_GRADIENT).output
    assert moved == [[-5, -10, 3 * 7, 5 * 7]]  # slopes of the cell after pixel 1, and after pixel 7


@pytest.mark.parametrize("dialect", ["roikit", "roikit-aligned"])
def test_the_gradient_for_boxes_is_that_of_differences(dialect):
    numbers = np.random.default_rng(3).integers(-8, 9, (24, 7))
    given_ = {"input": {"shape": [1, 1, 24, 7], "rows": numbers.tolist()}, "pool_size": 3, "mode": "max"}
    box, grad = [0, 0.6875, 1.1875, 5.3125, 4.4375], [1, 2, 3, -4]
    with_grad = {**given_, "boxes": [box], "grad": {"shape": [1, 1, 4], "rows": [grad]}}
    (exact,) = ORACLE.values(with_grad, Operation.BOX_GRADIENT, DIALECTS[dialect])
    step = 2.0**-20
    for n in range(1, 5):
        ahead, behind = (
            (ORACLE.values({**given_, "boxes": [moved]}, Operation.FORWARD, DIALECTS[dialect])[0, 0] * grad).sum()
            for moved in ([*box[:n], box[n] + sign * step, *box[n + 1 :]] for sign in (1, -1))
        )
        assert abs(float(exact[n - 1]) - float(ahead - behind) / (2 * step)) < 1e-6


def test_what_nobody_can_say_is_left_open():
    rows = np.arange(64.0).reshape(16, 4)
    rows[1, 1] = np.nan
    given_ = {
        "input": {"shape": [1, 1, 16, 4], "rows": [[str(v) if np.isnan(v) else v for v in row] for row in rows.tolist()]},
        "boxes": [[0, 0.5, 0.5, 2.5, 2.5]], "pool_size": 2, "mode": "max",
    }  # fmt: skip
    assert answered(given_).bound[0][0][0] is None  # the top reads the NaN
    assert None not in answered(given_).bound[0][0][1:]
    given_ |= {"boxes": [[0, -1, 0.1, 2, 2.1]], "pool_size": 3}  # of which -1 + 1/3 * 3 is no number
    assert answered(given_, "roikit-aligned").bound is not None


def in_floats(given_, dtype, step_by_step):
    """The output by a straightforward computation in a data type, as mmcv has it or with shares, and the gradient for maps."""
    kind = numpy_dtype(dtype).type
    images, channels, stacked, width = given_["input"]["shape"]
    height = stacked // 4
    maps = np.array(given_["input"]["rows"], kind).reshape(images, channels, 4, height, width)
    out = np.zeros((len(given_["boxes"]), channels, 4), kind)
    for k, (image, *corners) in enumerate(given_["boxes"]):
        x1, y1, x2, y2 = map(kind, corners)
        parts = kind(given_["pool_size"])
        for r in range(4):
            along_x, sign = r % 2 == 0, kind(1 if r < 2 else -1)
            length = (x2 - x1 if along_x else y2 - y1) * sign
            start = (x1, x2)[r // 2] if along_x else (y1, y2)[r // 2]
            other = (y1, y2)[r // 2] if along_x else (x1, x2)[r // 2]
            best, at = None, start
            for i in range(given_["pool_size"] + 1):
                if i:
                    at = at + length / parts if step_by_step else start + kind(i) / parts * length
                y, x = (other, at) if along_x else (at, other)
                value = read(maps[int(image), :, r], y, x, kind)
                best = value if best is None else np.where(value > best, value, best)
            out[k, :, r] = best
    return out


def read(planes, y, x, kind):
    height, width = planes.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return np.zeros(len(planes), kind)
    y, x = min(max(y, kind(0)), kind(height - 1)), min(max(x, kind(0)), kind(width - 1))
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, across = y - kind(top), x - kind(left)
    above = planes[:, top, left] * (1 - across) + planes[:, top, right] * across
    below = planes[:, bottom, left] * (1 - across) + planes[:, bottom, right] * across
    return above * (1 - down) + below * down


@settings(max_examples=60, deadline=None)
@given(arguments(), st.sampled_from(["float32", "float64"]), st.booleans())
def test_bounds_hold_of_another_computation(given_, dtype, step_by_step):
    answer = ORACLE.answer_in(given_, Operation.FORWARD, DIALECTS["mmcv"], dtype)
    got = in_floats(given_, dtype, step_by_step).astype(float)
    bound = np.zeros(got.shape) if answer.bound is None else np.array(answer.bound, float)
    off = abs(got - np.array(answer.output, float))
    assert (np.isnan(bound) | (off <= bound)).all()
