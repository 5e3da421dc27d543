"""Which answers the oracle of rotation-invariant RoIAlign gives: published numbers, differences, and bounds that hold."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance import operators
from roikit.conformance.arrays import feature_map, numpy_dtype
from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.golden.published import Verdict, compare
from roikit.conformance.operation import Operation
from roikit.conformance.operators.riroi_align_rotated.draws.chance import arguments
from roikit.conformance.operators.riroi_align_rotated.oracle.face import ORACLE
from roikit.conformance.operators.riroi_align_rotated.oracle.orienting import Orienting
from roikit.conformance.operators.roi_align_rotated.oracle.face import ORACLE as ROTATED
from roikit.kernels.dialects.riroi_align_rotated import DIALECTS

QUARTER, TURN = math.pi / 2, 2 * math.pi
CONSTANTS = np.broadcast_to(np.arange(8.0)[None, :, None, None], (1, 8, 5, 5))


def case(maps, boxes, orientations=8, size=(2, 2), ratio=(2, 2), scale=1.0, grad=None):
    def as_rows(array):
        return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}

    found = {
        "input": as_rows(maps),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": [scale] * 2,
        "sampling_ratio": list(ratio),
        "num_orientations": orientations,
        "mode": "avg",
    }
    return found | ({} if grad is None else {"grad": as_rows(grad)})


def test_what_mmcv_has_published():
    assert [found.verdict for found in compare(operator="riroi_align_rotated")] == [Verdict.AGREES] * 2
    entries = json.loads(operators.folder("riroi_align_rotated").joinpath("published.json").read_text())["entries"]
    boxes = [entry["arguments"]["boxes"][0] for entry in entries]
    sent = {**entries[0]["arguments"], "boxes": boxes, "grad": {"shape": [2, 8, 2, 2], "rows": [[1, 1]] * 32}}
    found = ORACLE.values(sent, Operation.FEATURE_GRADIENT, DIALECTS["roikit"]).astype(float)
    expected = np.broadcast_to([[1.4727, 1.5586], [1.5586, 1.6602]], (1, 8, 2, 2))
    np.testing.assert_allclose(found, expected, atol=5e-4)


@pytest.mark.parametrize(("orientations", "quarters", "whole", "high"), [
    (8, 1, 2, "0"), (8, 3, 6, "0"), (8, -1, 6, "0"), (8, 5, 2, "0"), (4, 2, 2, "0"), (1, 1, 0, "1/4"), (1, -1, 0, "3/4"),
    (2, 1, 0, "1/2"), (3, 1, 0, "3/4"), (3, 2, 1, "1/2"), (5, 3, 3, "3/4"), (6, 1, 1, "1/2"), (36, 1, 9, "0"),
])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quarter_turns_have_exact_indices(orientations, quarters, whole, high, dtype):
    type_ = FLOAT_TYPES[dtype]
    angle = Fraction(float(numpy_dtype(dtype).type(quarters * QUARTER)))
    found = Orienting(DIALECTS["roikit"], orientations).mixture(angle, type_, orientations)
    assert found.is_exact
    assert (found.index // 1 % orientations, found.low, found.high) == (whole, 1 - Fraction(high), Fraction(high))
    assert not Orienting(DIALECTS["mmcv"], orientations).mixture(angle, type_, orientations).is_exact


def test_constants_show_what_is_mixed():
    """By hand: for 0.3 orientations more than 2, output o is 0.7 of o − 2 and 0.3 of o − 1."""
    for turned, expected in (
        (2.3, [0.7 * ((o - 2) % 8) + 0.3 * ((o - 1) % 8) for o in range(8)]),
        (-1.75, [0.75 * ((o + 2) % 8) + 0.25 * ((o + 3) % 8) for o in range(8)]),
        (10.3, [0.7 * ((o - 2) % 8) + 0.3 * ((o - 1) % 8) for o in range(8)]),
    ):
        given_ = case(CONSTANTS, [[0, 2, 2, 1, 1, turned * TURN / 8]], size=(1, 1))
        for dialect in ("roikit", "roikit-clockwise", "mmcv"):
            found = ORACLE.values(given_, Operation.FORWARD, DIALECTS[dialect]).astype(float)
            np.testing.assert_allclose(found[0, :, 0, 0], expected, atol=1e-12)


def test_an_output_jumps_by_two_orientations_where_an_index_is_whole():
    """RI-4, as mmcv has it."""
    found = [
        ORACLE.values(case(CONSTANTS, [[0, 2, 2, 1, 1, 3 * TURN / 8 + off]]), Operation.FORWARD, DIALECTS["roikit"])
        for off in (-1e-9, 1e-9)
    ]
    before, after = (each[0, :, 0, 0].astype(float) for each in found)
    np.testing.assert_allclose(before, [(o - 1) % 8 for o in range(8)], atol=1e-7)
    np.testing.assert_allclose(after, [(o - 3) % 8 for o in range(8)], atol=1e-7)


def test_one_orientation_is_rotated_roi_align():
    maps = np.random.default_rng(5).integers(-8, 9, (1, 3, 6, 7)).astype(float)
    given_ = case(maps, [[0, 3, 2.5, 3, 2, 0.8], [0, 3, 2.5, 3, 2, QUARTER]], 1)
    for dialect in DIALECTS.values():
        found = ORACLE.values(given_, Operation.FORWARD, dialect)
        right = ROTATED.values(given_, Operation.FORWARD, dialect.sampling)
        assert (found == right).all()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("orientations", [1, 2, 4])
def test_the_gradient_for_boxes_is_that_of_differences(dialect, orientations):
    numbers = np.random.default_rng(3).integers(-8, 9, (1, 4, 6, 7)).astype(float)
    grad = np.random.default_rng(4).integers(-4, 5, (1, 4, 2, 2)).astype(float)
    box = [0, 3.1, 2.7, 3.3, 2.4, -0.9]
    given_ = case(numbers, [box], orientations, scale=0.9, grad=grad)
    (exact,) = ORACLE.values(given_, Operation.BOX_GRADIENT, DIALECTS[dialect])
    step = 2.0**-20
    for n in range(5):
        ahead, behind = (
            (
                ORACLE.values(case(numbers, [moved], orientations, scale=0.9), Operation.FORWARD, DIALECTS[dialect])[0]
                * grad[0]
            ).sum()
            for moved in ([*box[: n + 1], box[n + 1] + sign * step, *box[n + 2 :]] for sign in (1, -1))
        )
        assert abs(float(exact[n]) - float(ahead - behind) / (2 * step)) < 1e-7


def test_the_gradient_for_maps_is_the_transpose():
    chance = np.random.default_rng(6)
    maps, grad = (chance.integers(-8, 9, shape).astype(float) for shape in ((1, 6, 5, 6), (2, 6, 2, 3)))
    boxes = [[0, 2.5, 2, 3, 2, 2.2], [0, 3, 2, 2.5, 3, -4]]
    how = {"orientations": 3, "size": (2, 3)}
    pooled = ORACLE.values(case(maps, boxes, **how), Operation.FORWARD, DIALECTS["roikit"])
    sent = ORACLE.values(case(maps, boxes, grad=grad, **how), Operation.FEATURE_GRADIENT, DIALECTS["roikit"])
    assert (pooled * np.frompyfunc(Fraction, 1, 1)(grad)).sum() == (sent * np.frompyfunc(Fraction, 1, 1)(maps)).sum()


def in_floats(given_, dtype):
    """The output by a straightforward computation in a data type, as somebody else may have written it."""
    kind = numpy_dtype(dtype).type
    maps = feature_map(given_["input"]).astype(kind)
    count, (height, width) = given_["num_orientations"], maps.shape[2:]
    bins, scale = given_["output_size"], kind(given_["spatial_scale"][0])
    out = np.zeros((len(given_["boxes"]), maps.shape[1], *bins), kind)
    for k, row in enumerate(given_["boxes"]):
        cx, cy, w, h, turn = (kind(number) for number in row[1:])
        cx, cy, w, h = cx * scale, cy * scale, max(w * scale, kind(1)), max(h * scale, kind(1))
        index = turn * kind(count) / kind(2 * math.pi)
        whole = math.floor(index)
        high = index - kind(whole)
        cos, sin = np.cos(turn), np.sin(turn)
        channel = np.arange(maps.shape[1])
        first, second = (channel - channel % count + (channel % count - whole + n) % count for n in (0, 1))
        image = maps[int(row[0])]
        image = image[first] * (kind(1) - high) + image[second] * high
        g_y, g_x = (
            g or math.ceil(size / kind(p)) for g, size, p in zip(given_["sampling_ratio"], (h, w), bins, strict=True)
        )
        for p, q, i, j in np.ndindex(*bins, g_y, g_x):
            v = -h / kind(2) + kind(p) * (h / kind(bins[0])) + (kind(i) + kind(0.5)) * (h / kind(bins[0])) / kind(g_y)
            u = -w / kind(2) + kind(q) * (w / kind(bins[1])) + (kind(j) + kind(0.5)) * (w / kind(bins[1])) / kind(g_x)
            y, x = v * cos - u * sin + cy, v * sin + u * cos + cx
            if not (-1 <= y <= height and -1 <= x <= width):
                continue
            y, x = min(max(y, kind(0)), kind(height - 1)), min(max(x, kind(0)), kind(width - 1))
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            down, across = y - kind(top), x - kind(left)
            above = image[:, top, left] * (1 - across) + image[:, top, right] * across
            below = image[:, bottom, left] * (1 - across) + image[:, bottom, right] * across
            out[k, :, p, q] += above * (1 - down) + below * down
        out[k] /= kind(g_y * g_x)
    return out


@settings(max_examples=60, deadline=None)
@given(
    arguments(classes=("upright", "quarters", "free", "tiny", "mirrored", "outside")),
    st.sampled_from(["float32", "float64"]),
)
def test_bounds_hold_of_another_computation(given_, dtype):
    answer = ORACLE.answer_in(given_, Operation.FORWARD, DIALECTS["mmcv"], dtype)
    if answer is None:
        return
    got = in_floats(given_, dtype).astype(float)
    bound = np.zeros(got.shape) if answer.bound is None else np.array(answer.bound, float)
    off = abs(got - np.array(answer.output, float))
    assert (np.isnan(bound) | (off <= bound)).all()
