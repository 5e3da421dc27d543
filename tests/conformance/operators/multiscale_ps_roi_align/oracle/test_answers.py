"""The oracle of PSRoIAlign on pyramids: numbers worked out by hand, PSRoIAlign on each level, and transposes."""

from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operation import Operation
from roikit.conformance.operators.multiscale_ps_roi_align.oracle.answers import PsPyramidOracle
from roikit.conformance.operators.multiscale_roi_align.oracle.assembling import parts
from roikit.conformance.operators.ps_roi_align.oracle.answers import PsRoiAlignOracle
from roikit.conformance.operators.ps_roi_align.selection import channels_read
from roikit.kernels.dialects.multiscale_ps_roi_align import DIALECTS

ORACLE = PsPyramidOracle()
SIZES = [(12, 16), (6, 8), (3, 4)]
BOXES = [[0, 10, 10, 22, 20], [0, 12, 8, 32, 32], [0, 6, 6, 46, 42], [0, 20, 4, 16, 36]]
"""Of the first level, of the second, of the third, and of negative area."""
LEVELS = {"roikit": (0, 1, 2, 0), "torchvision": (0, 1, 2, None), "gluoncv": (0, 1, 2, None)}


def arguments(boxes=BOXES, bins=(2, 3), channels=2, ratio=2, arriving=None):
    """Boxes on maps of scales 1/4 … of which that of level l and channel c is 1000 l + 100 c, plus a slope in image pixels."""
    count = channels * bins[0] * bins[1]
    maps = np.full((1, count, 21, 16), -7.0)
    first = 0
    for level, (rows, columns) in enumerate(SIZES):
        y, x = (np.mgrid[:rows, :columns] + 0.5) * 4 * 2**level  # of the middle of a pixel
        of_channels = 100 * np.arange(count)[:, None, None]
        maps[0, :, first : first + rows, :columns] = 1000 * level + of_channels + 2 * y + x
        first += rows
    found = {
        "input": {"shape": list(maps.shape), "rows": maps.reshape(-1, 16).tolist()},
        "boxes": boxes,
        "output_size": list(bins),
        "level_sizes": [list(size) for size in SIZES],
        "spatial_scale": [0.25, 0.25],
        "canonical_size": 16,
        "canonical_level": 3,
        "sampling_ratio": [ratio, ratio],
        "mode": "avg",
    }
    if arriving is not None:
        shape = len(boxes), channels, *bins
        values = np.random.default_rng(arriving).integers(-4, 5, shape)
        found["grad"] = {"shape": list(shape), "rows": values.reshape(-1, bins[1]).tolist()}
    return found


@pytest.mark.parametrize("name", ["roikit", "roikit-bin-major", "torchvision"])
def test_a_bin_has_the_average_of_its_channel_on_the_level_of_its_box(name):
    """Of a slope the average of a bin within the map is its value at the centre."""
    rules = DIALECTS[name]
    values = ORACLE.values(arguments(), Operation.FORWARD, rules)
    read = channels_read(2, (2, 3), rules.channels)
    for k, (_, x1, y1, x2, y2) in enumerate(BOXES[:3]):
        for c, p, q in np.ndindex(2, 2, 3):
            y, x = y1 + (p + 0.5) * (y2 - y1) / 2, x1 + (q + 0.5) * (x2 - x1) / 3
            assert float(values[k, c, p, q]) == pytest.approx(1000 * k + 100 * read[c, p, q] + 2 * y + x), (k, c, p, q)


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT])
def test_it_is_ps_roi_align_on_each_level(name, operation):
    given, rules = arguments(arriving=3), DIALECTS[name]
    values = ORACLE.values(given, operation, rules)
    first = 0
    for part in parts(given, LEVELS[name]):
        right = PsRoiAlignOracle().values(part.arguments, operation, rules.pooling)
        if operation == Operation.FEATURE_GRADIENT:
            rows, columns = SIZES[part.level]
            first = sum(size[0] for size in SIZES[: part.level])
            assert (values[:, :, first : first + rows, :columns] == right).all()
            assert not values[:, :, first : first + rows, columns:].any(), "what lies beside a narrow map is none of it"
        else:
            assert (values[part.rois] == right).all()
            assert right.any()


def test_what_is_on_no_level_is_0_and_what_has_no_samples_is_not():
    """Sampled adaptively, a box of no level would have a negative number of samples."""
    boxes = [[0, 20, 4, 16, 36], [0, 10, 8, 10, 32]]
    for name, due in (("torchvision", {Special.NAN}), ("gluoncv", None), ("roikit", {0})):
        values = ORACLE.values(arguments(boxes, ratio=0), Operation.FORWARD, DIALECTS[name])
        assert not values[0].any()
        assert set(values[1].flat) == due if due else all(values[1].flat), name


@pytest.mark.parametrize("name", ["roikit", "roikit-bin-major", "gluoncv"])
def test_the_gradient_for_maps_is_the_transpose(name):
    given = arguments(arriving=1)
    output = ORACLE.values(given, Operation.FORWARD, DIALECTS[name])
    gradient = ORACLE.values(given, Operation.FEATURE_GRADIENT, DIALECTS[name])
    arriving, maps = (
        np.array(given[key]["rows"], int).astype(object).reshape(given[key]["shape"]) for key in ("grad", "input")
    )
    assert (output * arriving).sum() == (gradient * maps).sum()


def test_channels_of_a_gradient_are_those_that_bins_read():
    """What arrives at one bin of one channel is sent to one channel of the maps."""
    for name in ("roikit", "roikit-bin-major"):
        given, rules = arguments(arriving=1), DIALECTS[name]
        sent = np.zeros((4, 2, 2, 3))
        sent[1, 1, 0, 2] = 1
        given["grad"]["rows"] = sent.reshape(-1, 3).tolist()
        gradient = ORACLE.values(given, Operation.FEATURE_GRADIENT, rules)
        assert np.flatnonzero(gradient.any(axis=(0, 2, 3))) == [channels_read(2, (2, 3), rules.channels)[1, 0, 2]]


def test_where_rounding_decides_a_level_nothing_is_said():
    b = 1 / 1024
    given, rules = arguments([[0, 0, 0, 16 + b, 16 - b]]), DIALECTS["roikit"]
    assert "float32" not in dict(ORACLE.answers(given, Operation.FORWARD, rules, "exact"))
    assert ORACLE.quick(given, Operation.FORWARD, "roikit", "float32", kinks=False, bounds=True) == ()


def test_quick_answers_are_the_exact_ones():
    given = arguments(bins=(2, 2), arriving=5)
    for name, rules in DIALECTS.items():
        for operation in (Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT):
            (quick,) = ORACLE.quick(given, operation, name, "float64", kinks=True, bounds=True)
            exact = ORACLE.values(given, operation, rules).astype(float)
            np.testing.assert_allclose(np.array(quick.output, float), exact, rtol=1e-12, atol=1e-12)


def test_a_level_and_what_is_read_are_chosen_apart():
    rules = replace(DIALECTS["roikit"], channels="bin_major", level_rule="matterport")
    assert rules.pooling.channels == "bin_major"
    assert DIALECTS["gluoncv"].sampling.min_size == "one"
