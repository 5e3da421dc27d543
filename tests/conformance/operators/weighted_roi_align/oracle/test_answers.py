"""The oracle of weighted RoIAlign: numbers worked out by hand, derivatives, bounds, and its two ways to the same answer."""

from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.arrays import leaves
from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.exact.numbers import Special
from roikit.conformance.operators.roi_align.oracle.answers import RoiAlignOracle
from roikit.conformance.operators.weighted_roi_align.operator import OPERATOR
from roikit.conformance.operators.weighted_roi_align.oracle.answers import WeightedRoiAlignOracle
from roikit.conformance.operators.weighted_roi_align.oracle.formulas import Formulas
from roikit.kernels.dialects.weighted_roi_align import DIALECTS

ORACLE, ALIGNED = WeightedRoiAlignOracle(), DIALECTS["torchvision-aligned"]
FORWARD, FOR_MAPS, FOR_BOXES, FOR_WEIGHTS = OPERATOR.operations
MAP = [[1, 2, 5, 6], [3, 4, 7, 8], [9, 10, 13, 14], [11, 12, 15, 16]]
WEIGHTS = [[0, 1, 1, 0], [1, 2, 0, 1], [1, 0, 2, 1], [0, 1, 1, 0]]
SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "weighted_roi_align" and c.kind == "value"]


def arguments(box=(0, 0, 4, 4), **changes):
    return {
        "input": {"shape": [1, 1, 4, 4], "rows": MAP},
        "weights": {"shape": [1, 1, 4, 4], "rows": WEIGHTS},
        "boxes": [[0, *box]],
        "output_size": [2, 2],
        "spatial_scale": [1, 1],
        "sampling_ratio": [2, 2],
        "mode": "avg",
        "grad": {"shape": [1, 1, 2, 2], "rows": [[1, 1], [1, 1]]},
        **changes,
    }


def text(array):
    return " ".join(str(value) for value in array.flat)


def test_sums_and_means_worked_out_by_hand():
    both = [Formulas(arguments(normalise=normalise), ALIGNED) for normalise in (False, True)]
    assert text(both[0].output) == "13/4 13/4 21/4 55/4"
    assert text(both[1].totals) == "1 1/2 1/2 1"
    assert text(both[1].output) == "13/4 13/2 21/2 55/4"
    half_outside = [Formulas(arguments((-2, 0, 2, 4), normalise=n), ALIGNED).output for n in (False, True)]
    assert [text(output) for output in half_outside] == ["3/4 13/4 9/4 21/4", "3 13/4 9 21/2"]


def test_a_gradient_for_weights_worked_out_by_hand():
    found = ORACLE.values(arguments(normalise=True), FOR_WEIGHTS, ALIGNED)
    assert text(16 * found) == "-9 -5 -12 -4 -1 3 4 12 -12 -4 -3 1 4 12 5 9"


@pytest.mark.parametrize("operation", [FORWARD, FOR_MAPS, FOR_BOXES])
def test_weights_of_1_are_roi_align(operation):
    ones = {"shape": [1, 1, 4, 4], "rows": [[1] * 4] * 4}
    given = arguments((0.25, -0.5, 3.5, 4.75), weights=ones)
    found = ORACLE.values(given, operation, ALIGNED)
    assert (found == RoiAlignOracle().values(given, operation, ALIGNED)).all()


def assert_derivatives(given, step, near):
    """That gradients are central differences of the sum of all outputs, exactly those but for the square of the step."""

    def slope(*pair):
        above, below = (sum(Formulas({**given, **changes}, ALIGNED).output.flat) for changes in pair)
        return float((above - below) / Fraction(2 * step))

    def moved(name, y, x, by):
        rows = [list(row) for row in given[name]["rows"]]
        rows[y][x] += by
        return {name: {**given[name], "rows": rows}}

    def cornered(corner, by):
        row = list(given["boxes"][0])
        row[1 + corner] += by
        return {"boxes": [row]}

    for name, operation in (("input", FOR_MAPS), ("weights", FOR_WEIGHTS)):
        found = ORACLE.values(given, operation, ALIGNED)
        for y, x in ((0, 0), (1, 1), (2, 3)):
            due = slope(moved(name, y, x, step), moved(name, y, x, -step))
            assert due == pytest.approx(float(found[0, 0, y, x]), abs=near)
    found = ORACLE.values(given, FOR_BOXES, ALIGNED)
    for corner in range(4):
        due = slope(cornered(corner, step), cornered(corner, -step))
        assert due == pytest.approx(float(found[0, corner]), abs=1e-4)


@pytest.mark.parametrize("guard", ["zero", "add", "clamp"])
@pytest.mark.parametrize("normalise", [False, True])
def test_gradients_are_derivatives(guard, normalise):
    given = arguments((0.25, 0.125, 3.5, 3.75), normalise=normalise, guard=guard, epsilon=0.5)
    assert_derivatives(given, 2.0**-12, near=1e-5)


def test_guards():
    zeros = {"shape": [1, 1, 4, 4], "rows": [[0] * 4] * 4}
    how = {"weights": zeros, "normalise": True, "epsilon": 2}
    due = {"zero": Fraction(0), "add": Fraction(0), "clamp": Fraction(0), "none": Special.NAN}
    for guard, value in due.items():
        assert set(Formulas(arguments(**how, guard=guard), ALIGNED).output.flat) == {value}
        if guard == "none":
            assert ORACLE.exact_dtypes(arguments(**how, guard=guard), FOR_WEIGHTS, ALIGNED) == ()


def test_a_divisor_that_is_no_power_of_two_is_bounded():
    threes = {"shape": [1, 1, 4, 4], "rows": [[3] * 4] * 4}
    given = arguments(weights=threes, normalise=True)
    assert ORACLE.exact_dtypes(given, FORWARD, ALIGNED) == ()
    assert ORACLE.bits(given, FORWARD, ALIGNED) is None
    values, errors = ORACLE.bounded(given, ALIGNED, "float32")
    assert (errors > 0).all()
    assert (errors < 1e-5 * np.abs(values.astype(float))).all()


@pytest.mark.one_in(9)
@pytest.mark.parametrize("case", SMALL[::3], ids=lambda case: case.id)
def test_the_quick_oracle_says_the_same(case):
    for dialect in ("torchvision", "torchvision-aligned"):
        exact = dict(ORACLE.answers(case.arguments, case.operation, DIALECTS[dialect], "exact"))
        for dtype in {"float32", "float16"} & set(exact):
            found = ORACLE.quick(case.arguments, case.operation, dialect, dtype, kinks=True, bounds=False)
            for answer, right in zip(found, exact[dtype], strict=True) if found else ():  # of ties there are two
                values = [float(value) for value in leaves(answer.output)]
                due = [float("nan") if v == "nonfinite" else float(v) for v in leaves(right.output)]
                np.testing.assert_array_equal(values, due)


MEANS = [("lp", "p", 3), ("lp", "p", 1.5), ("softmax", "beta", 1), ("softmax", "beta", -0.25)]


@pytest.mark.parametrize(("mode", "name", "parameter"), MEANS)
def test_a_mean_is_that_of_samples_in_floats(mode, name, parameter):
    given = arguments((0, 0, 4, 4), mode=mode, **{name: parameter})
    alone = {**given, "mode": "avg", "output_size": [4, 4], "sampling_ratio": [1, 1]}
    f = (
        ORACLE.values(alone, FORWARD, ALIGNED)[0, 0]
        .astype(float)
        .reshape(2, 2, 2, 2)
        .transpose(0, 2, 1, 3)
        .reshape(2, 2, 4)
    )
    if mode == "lp":
        due = (f**parameter).mean(-1) ** (1 / parameter)
    else:
        q = np.exp(parameter * f)
        due = (q * f).sum(-1) / q.sum(-1)
    np.testing.assert_allclose(ORACLE.values(given, FORWARD, ALIGNED)[0, 0].astype(float), due, rtol=1e-12)


@pytest.mark.parametrize(("mode", "name", "parameter"), MEANS)
@pytest.mark.parametrize("ratio", [0, 2])
def test_gradients_of_means_are_derivatives(mode, name, parameter, ratio):
    given = arguments((0.25, 0.125, 3.5, 3.75), mode=mode, sampling_ratio=[ratio, ratio], **{name: parameter})
    assert_derivatives(given, 2.0**-20, near=1e-6)


def test_what_is_an_average_is_exact_and_other_means_have_bounds():
    softmax, lp = arguments(mode="softmax", beta=0), arguments(mode="lp", p=1)
    average = ORACLE.values(arguments(), FORWARD, ALIGNED)
    for given in (softmax, lp):
        assert set(ORACLE.exact_dtypes(given, FORWARD, ALIGNED)) >= {"float32", "float64"}
        assert (ORACLE.values(given, FORWARD, ALIGNED) == average).all()
    assert set(ORACLE.exact_dtypes(softmax, FOR_MAPS, ALIGNED)) >= {"float32", "float64"}
    assert ORACLE.exact_dtypes(lp, FOR_MAPS, ALIGNED) == ()
    for dtype, unit in (("float32", 2.0**-24), ("float64", 2.0**-53), ("float16", 2.0**-11)):
        values, errors = ORACLE.bounded(arguments(mode="lp", p=3), ALIGNED, dtype)
        assert (errors > 0).all()
        assert (errors < 200 * unit * np.abs(values.astype(float))).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("mode", "name", "parameter"), MEANS)
def test_a_mean_of_zeros_is_zero(mode, name, parameter, dtype):
    zeros = {"shape": [1, 1, 4, 4], "rows": np.zeros((4, 4), int).tolist()}
    values, errors = ORACLE.bounded(arguments(mode=mode, input=zeros, **{name: parameter}), ALIGNED, dtype)
    assert not values.any()
    assert not errors.any()


def test_where_samples_lie_inexactly_nobody_says_what_a_mean_is():
    given = arguments((0.1, 0.1, 3.4, 3.4), mode="softmax")
    assert not list(ORACLE.answers(given, FORWARD, ALIGNED, "bounded"))
    assert np.isinf(ORACLE.bounded(given, ALIGNED, "float32")[1]).all()
