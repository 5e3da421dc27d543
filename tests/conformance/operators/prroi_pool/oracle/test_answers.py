"""Which answers PrRoIPool's oracle gives: numbers worked out by hand or published, central differences, and bounds that hold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operation import Operation
from roikit.conformance.operators.prroi_pool.claims import claims
from roikit.conformance.operators.prroi_pool.draws.chance import arguments
from roikit.conformance.operators.prroi_pool.oracle import gradient, output
from roikit.conformance.operators.prroi_pool.oracle.asked import Asked
from roikit.conformance.operators.prroi_pool.oracle.face import ORACLE
from roikit.conformance.operators.prroi_pool.oracle.geometry import Rules
from roikit.kernels.dialects.prroi_pool import DIALECTS

RULES = Rules(DIALECTS["mmcv"])
TWO = np.array([[[[1, 2], [3, 4.0]]]])
FOUR = np.array([[[[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16.0]]]])
ONES = np.full((1, 1, 2, 2), Fraction(1), object)


def case(maps, boxes, size=(2, 2), scale=1.0, grad=None):
    def as_rows(array):
        return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}

    found = {
        "input": as_rows(maps),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": [scale] * 2,
        "mode": "avg",
    }
    return found | ({} if grad is None else {"grad": as_rows(grad)})


def exactly(maps, boxes, size=(2, 2), scale=1):
    """Output, gradient for the map and for the boxes, of ones."""
    rois = output.all_stages(np.array(boxes, object), maps.shape, size, (Fraction(scale),) * 2, RULES)
    exact = output.Maps.of(maps)
    grad = np.full((len(boxes), maps.shape[1], *size), Fraction(1), object)
    return (
        output.prroi_pool(exact, rois, size, RULES).values,
        gradient.feature_gradient(grad, maps.shape, rois, RULES).values,
        gradient.box_gradient(grad, exact, rois, RULES).values,
    )


def test_what_mmcv_has_published():
    values, of_map, of_box = exactly(TWO, [[0, 0, 0, 1, 1]])
    assert np.ravel(values).tolist() == [1.75, 2.25, 2.75, 3.25]
    assert (of_map == 1).all()
    assert of_box.tolist() == [[2, 4, 2, 4]]
    values, _, of_box = exactly(FOUR, [[0, 0, 0, 3, 3]])
    assert np.ravel(values).tolist() == [Fraction(15, 4), Fraction(83, 12), Fraction(121, 12), Fraction(53, 4)]
    assert of_box.tolist() == [[Fraction(10, 3), Fraction(20, 3)] * 2]
    mirrored = np.concatenate([TWO, 5 - TWO], axis=1)
    assert not exactly(mirrored, [[0, 0, 0, 1, 1]])[2].any()


def test_a_box_between_pixels():
    values, _, of_box = exactly(FOUR, [[0, Fraction(1, 4), Fraction(1, 2), Fraction(9, 4), Fraction(5, 2)]])
    assert np.ravel(values).tolist() == [Fraction(n, 16) for n in (69, 107, 149, 187)]
    assert of_box.tolist() == [[Fraction(7, 2), 8, Fraction(9, 2), 8]]


def test_the_original_s_gradient_for_boxes():
    """Of which it has published the numbers of a map at random, with those of the output that are golden cases."""
    from roikit.conformance.golden.published import load_catalogue

    entry = next(e for e in load_catalogue("prroi_pool")["entries"] if e["id"] == "pr_original_backward")
    given_ = entry["arguments"]
    maps = np.array([[float(x) for x in row] for row in given_["input"]["rows"]]).reshape(given_["input"]["shape"])
    values = exactly(maps, given_["boxes"], scale=Fraction(1, 2))[2]
    seen = [
        [-0.21960735321044922, 0.03698320686817169, 0.13831427693367004, -0.36122560501098633],
        [0.20075568556785583, 0.26770779490470886, 0.4110574722290039, 0.011191703379154205],
    ]
    np.testing.assert_allclose(values.astype(float), seen, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(arguments(operation=Operation.FEATURE_GRADIENT))
def test_the_gradient_is_the_transpose_of_the_output(call):
    asked = Asked.of(call, DIALECTS["mmcv"], "float64")
    rois = asked.rois
    values = output.prroi_pool(asked.maps, rois, asked.output_size, RULES).values
    sent = gradient.feature_gradient(asked.arriving, asked.maps.shape, rois, RULES)
    assert (sent.values * asked.maps.fractions()).sum() == (values * asked.arriving).sum()


@pytest.mark.parametrize(
    "box", [[0, 0.3, 1.1, 3.9, 4.2], [0, -0.7, 2, 6.4, 2.5], [0, 1, 2, 3, 4], [0, 1.25, 1.25, 1.5, 1.5]]
)
def test_the_gradient_of_boxes_is_the_limit_of_central_differences(box):
    maps = np.random.default_rng(1).integers(-9, 10, (1, 2, 6, 7)).astype(float)
    row = [Fraction(x) for x in box]
    of_box = exactly(maps, [row], (3, 2))[2][0]
    for n in range(4):
        found = []
        for step in (Fraction(1, 2**20), Fraction(1, 2**24)):
            ends = []
            for sign in (1, -1):
                moved = list(row)
                moved[n + 1] += sign * step
                ends.append(exactly(maps, [moved], (3, 2))[0].sum())
            found.append(abs((ends[0] - ends[1]) / (2 * step) - of_box[n]))
        assert found[1] <= Fraction(1, 1000)
        assert found[1] <= found[0] / 8  # it goes to 0: there is no kink, not even where edges lie on pixels


def test_without_area_there_is_nothing():
    for box in ([0, 2, 1, 2, 3], [0, 2, 2, 2, 2], [0, 3, 3, 1, 1], [0, 3, 1, 1, 3]):
        values, of_map, of_box = exactly(FOUR, [box])
        assert not values.any()
        assert not of_map.any()
        assert not of_box.any()
    grad = np.ones((1, 1, 2, 2))
    answer = ORACLE.answer_in(
        case(FOUR, [[0, 2, 1, 2, 3]], grad=grad), Operation.BOX_GRADIENT, DIALECTS["paddle-legacy"], "float32"
    )
    assert answer.output == [["nan"] * 4]


def test_a_nan_reaches_the_bins_that_weigh_it_and_no_others():
    maps = FOUR.copy()
    maps[0, 0, 1, 2] = np.nan
    read = [[0, 0, 0, 2, 1], [0, 0, 1, 2, 3], [0, 2, 0, 3, 3], [0, 1.5, 0, 2, 0.5]]  # in a cell beside it
    assert np.ravel(exactly(maps, read, (1, 1))[0]).tolist() == [Special.NAN] * 4
    beside = [[0, 0, 0, 1, 3], [0, 0, 2, 3, 3], [0, 3, 0, 4, 3]]
    assert all(isinstance(value, Fraction) for value in exactly(maps, beside, (1, 1))[0].flat)


def test_bounds_hold_for_a_computation_in_float32_that_cancels():
    """As libraries compute it: weights as differences of integrals, divided by the area."""
    chance = np.random.default_rng(2)
    one, half = np.float32(1), np.float32(0.5)

    def weights(a, b, pixels):
        found = np.zeros(pixels + 2, np.float32)
        for m in range(int(np.floor(a)), int(np.ceil(b))):
            low, high = max(a, np.float32(m)) - np.float32(m), min(b, np.float32(m + 1)) - np.float32(m)
            before = high - half * high * high - low + half * low * low
            low, high = one - high, one - low
            if 0 <= m + 1 <= pixels:
                found[m + 1] += before
            if 0 <= m + 2 <= pixels:
                found[m + 2] += high - half * high * high - low + half * low * low
        return found[1:-1]

    for _ in range(40):
        maps = chance.standard_normal((1, 1, 6, 7)).astype(np.float32)
        x1, y1 = chance.uniform(-1, 4, 2).astype(np.float32)
        w, h = chance.uniform(0.05, 5, 2).astype(np.float32)
        row = [0, float(x1), float(y1), float(x1 + w), float(y1 + h)]
        answer = ORACLE.answer_in(
            case(maps.astype(float), [row], (2, 3)), Operation.FORWARD, DIALECTS["mmcv"], "float32"
        )
        bin_y, bin_x = (np.float32(row[4]) - y1) / np.float32(2), (np.float32(row[3]) - x1) / np.float32(3)
        for p, q in np.ndindex(2, 3):
            a, left = y1 + np.float32(p) * bin_y, x1 + np.float32(q) * bin_x
            total = weights(a, a + bin_y, 6) @ maps[0, 0] @ weights(left, left + bin_x, 7) / (bin_y * bin_x)
            assert abs(float(total) - answer.output[0][0][p][q]) <= answer.bound[0][0][p][q]


def test_what_is_exact_and_what_has_bounds():
    maps = FOUR
    assert claims(case(maps, [[0, 0, 0, 2, 2]])) == "exact"
    assert claims(case(maps, [[0, 0, 0, 3, 3]])) == "bounded"
    assert claims(case(maps, [[0, 3, 1, 3.0000002, 3]], scale=0.7)) == "fragile"
    assert ORACLE.nearest_decision(case(maps, [[0, 1, 1, 1.5, 3]]), DIALECTS["mmcv"]) == Fraction(1, 2)
    assert ORACLE.nearest_decision(case(maps, []), DIALECTS["mmcv"]) is None
    assert ORACLE.bits(case(maps, [[0, 0, 0, 3, 3]]), Operation.FORWARD, DIALECTS["mmcv"]) is None


def test_a_box_that_cannot_be_pooled_has_no_numbers():
    for box in ([0, "nan", 0, 1, 1], [1, 0, 0, 1, 1], [-1, 0, 0, 1, 1], [0, -3e38, 0, 3e38, 1]):
        answer = ORACLE.answer_in(case(FOUR, [box]), Operation.FORWARD, DIALECTS["mmcv"], "float32")
        assert answer.output == [[[["nan"] * 2] * 2]]
