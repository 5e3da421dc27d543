"""PSRoIAlign's oracle: which channel a bin reads, numbers worked out by hand, and gradients that are derivatives."""

from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operation import Operation
from roikit.conformance.operators.ps_roi_align.faults.mutants import MUTANTS, Misread
from roikit.conformance.operators.ps_roi_align.oracle.answers import PsRoiAlignOracle, name_of
from roikit.conformance.operators.ps_roi_align.selection import channels_read, of_roi_align, selected
from roikit.kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder
from roikit.kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN

ORACLE = PsRoiAlignOracle()


def arguments(box, bins=(2, 3), channels=2, ratio=2, size=(6, 7), grad=None):
    """A box on maps of which channel c is c everywhere, plus a slope along x and y."""
    y, x = np.mgrid[: size[0], : size[1]]
    count = channels * bins[0] * bins[1]
    maps = 100 * np.arange(count)[:, None, None] + 8 * y + x
    found = {
        "input": {"shape": [1, count, *size], "rows": maps.reshape(-1, size[1]).tolist()},
        "boxes": [[0, *box]],
        "output_size": list(bins),
        "spatial_scale": [1, 1],
        "sampling_ratio": [ratio, ratio],
        "mode": "avg",
    }
    if grad is not None:
        found["grad"] = {"shape": [1, channels, *bins], "rows": grad.reshape(-1, bins[1]).tolist()}
    return found


@pytest.mark.parametrize("order", ChannelOrder)
def test_channels_are_those_of_the_formula(order):
    read = channels_read(2, (2, 3), order)
    for c, p, q in np.ndindex(2, 2, 3):
        assert read[c, p, q] == ((c * 2 + p) * 3 + q if order == "class_major" else (p * 3 + q) * 2 + c)
    assert sorted(read.ravel()) == list(range(12))


@pytest.mark.parametrize("dialect", ["roikit", "roikit-bin-major", "mxnet"])
def test_a_bin_has_the_average_of_its_channel_where_it_lies(dialect):
    """Of a slope the average of a bin is its value at the centre."""
    rules, given = DIALECTS[dialect], arguments((0.5, 0.5, 6.5, 4.5))
    values = ORACLE.values(given, Operation.FORWARD, rules)
    read, shift = channels_read(2, (2, 3), rules.channels), 0.5 if dialect.startswith("roikit") else 0
    for c, p, q in np.ndindex(2, 2, 3):
        y, x = 0.5 + 2 * p + 1 - shift, 0.5 + 2 * q + 1 - shift
        assert values[0, c, p, q] == 100 * int(read[c, p, q]) + 8 * Fraction(y) + Fraction(x)


def test_what_torchvision_was_seen_to_give():
    ramp = {"shape": [1, 8, 5, 5], "rows": np.arange(200).reshape(40, 5).tolist()}
    given = {**arguments((1, 1, 3, 3), (2, 2)), "input": ramp}
    values = ORACLE.values(given, Operation.FORWARD, DIALECTS["torchvision"])
    assert values.ravel().tolist() == [6, 32, 61, 87, 106, 132, 161, 187]
    empty = {**given, "boxes": [[0, 1, 1, 1, 1]], "sampling_ratio": [0, 0]}
    assert set(ORACLE.values(empty, Operation.FORWARD, DIALECTS["torchvision"]).flat) == {Special.NAN}
    assert set(ORACLE.values(empty, Operation.FORWARD, DIALECTS["roikit"]).flat) == {0}


@pytest.mark.parametrize("dialect", ["roikit", "roikit-bin-major"])
def test_the_gradient_for_maps_is_the_transpose(dialect):
    rng = np.random.default_rng(1)
    given = arguments((0.5, -1, 6.5, 4), grad=rng.integers(-4, 5, (1, 2, 2, 3)))
    output = ORACLE.values(given, Operation.FORWARD, DIALECTS[dialect])
    gradient = ORACLE.values(given, Operation.FEATURE_GRADIENT, DIALECTS[dialect])
    arriving, maps = (np.array(given[name]["rows"]).reshape(given[name]["shape"]) for name in ("grad", "input"))
    assert (output * arriving).sum() == (gradient * maps).sum()


@pytest.mark.parametrize("dialect", ["roikit", "roikit-bin-major"])
def test_the_gradient_for_boxes_is_the_derivative(dialect):
    rng, step = np.random.default_rng(2), Fraction(1, 64)
    given = arguments((1.25, 1.5625, 4.75, 4.0625), grad=rng.integers(-4, 5, (1, 2, 2, 3)))
    arriving = np.array(given["grad"]["rows"]).reshape(given["grad"]["shape"])
    gradient = ORACLE.values(given, Operation.BOX_GRADIENT, DIALECTS[dialect])[0]
    for corner in range(4):
        sides = []
        for sign in (1, -1):
            box = list(given["boxes"][0])
            box[1 + corner] = float(Fraction(box[1 + corner]) + sign * step)
            moved = ORACLE.values({**given, "boxes": [box]}, Operation.FORWARD, DIALECTS[dialect])
            sides.append((moved * arriving).sum())
        assert (sides[0] - sides[1]) / (2 * step) == gradient[corner]


@pytest.mark.parametrize("name", DIALECTS)
def test_roi_align_has_a_dialect_that_samples_alike(name):
    found = OF_ROI_ALIGN[name_of(DIALECTS[name])]
    assert found.for_mode("avg") == DIALECTS[name].sampling.for_mode("avg")


def test_quick_answers_are_the_exact_ones():
    given = arguments((0.5, 0.5, 4.5, 4.5), (2, 2), 3)
    for name, rules in DIALECTS.items():
        (quick,) = ORACLE.quick(given, Operation.FORWARD, name, "float32", kinks=False, bounds=False)
        exact = ORACLE.values(given, Operation.FORWARD, rules)
        assert np.array_equal(np.array(quick.output), exact.astype(float))


def test_nothing_arrives_where_no_bin_reads():
    given = arguments((0, 0, 4, 4), grad=np.ones((1, 2, 2, 3)))
    full = of_roi_align(given, Operation.FEATURE_GRADIENT, ChannelOrder.CLASS_MAJOR)["grad"]
    assert full["shape"] == [1, 12, 2, 3]
    spread = np.array(full["rows"]).reshape(full["shape"])
    assert spread.sum() == 12
    assert (selected(spread, given, ChannelOrder.CLASS_MAJOR) == 1).all()


def test_every_way_to_misread_is_another_permutation_or_none():
    """Each reads channels that there are, and of two rows and three columns of bins no two read the same."""
    found = {}
    for mutant in MUTANTS:
        if isinstance(mutant, Misread) and mutant.operation == Operation.FORWARD:
            for order in ChannelOrder:
                read = mutant.selector(2, (2, 3), order)
                assert read.shape == (2, 2, 3)
                assert read.min() >= 0
                assert read.max() < 12
                assert not np.array_equal(read, channels_read(2, (2, 3), order)), mutant.name
                found[mutant.name, order] = read.tobytes()
    assert len({value for (_, order), value in found.items() if order == "class_major"}) == 8
