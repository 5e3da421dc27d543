"""RoIPool's oracle against numbers worked out by hand or published, rule by rule."""

import itertools
import math
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.numbers import Special
from roikit.conformance.operators.roi_pool.oracle.geometry import Rules
from roikit.conformance.operators.roi_pool.oracle.output import feature_gradient, roi_pool
from roikit.conformance.sampling.window import positions, snapped
from roikit.conformance.windows.geometry import all_stages
from roikit.conformance.windows.pixels import exact_pixels
from roikit.kernels.dialects.choices import BinEdges, CornerSnap
from roikit.kernels.dialects.roi_pool import DIALECTS

ARANGE = np.arange(48.0).reshape(1, 1, 8, 6)
LOWEST = -(2 - 2**-23) * 2.0**127


def stages(shape, boxes, output, scale, dialect, dtype):
    rules = Rules(dialect if not isinstance(dialect, str) else DIALECTS[dialect], dtype)
    return all_stages(np.array(boxes, float).reshape(-1, 5), shape, output, (scale, scale), rules), rules


def pool(maps, boxes, output=(2, 2), scale=1, mode="max", dialect="torchvision", dtype="float32"):
    maps = np.asarray(maps, float)
    maps = maps.reshape((1,) * (4 - maps.ndim) + maps.shape)
    rois, rules = stages(maps.shape, boxes, output, scale, dialect, dtype)
    return roi_pool(exact_pixels(maps), rois, output, mode, rules).values


def gradient(maps, boxes, grad, mode="max", dialect="torchvision"):
    maps, grad = np.asarray(maps, float), np.asarray(grad, float)
    maps = maps.reshape((1,) * (4 - maps.ndim) + maps.shape)
    grad = grad.reshape((1,) * (4 - grad.ndim) + grad.shape)
    rois, rules = stages(maps.shape, boxes, grad.shape[2:], 1, dialect, "float64")
    exact = [exact_pixels(array) for array in (grad, maps)]
    return feature_gradient(*exact, rois, grad.shape[2:], mode, rules).values


def windows(extent, bins, edges, dtype="float32"):
    at = positions(Fraction(extent), bins, edges, dtype)
    return [(math.floor(a), math.ceil(b)) for a, b in itertools.pairwise(at)]


def moved(bins, edges, dtype, most=128):
    return [h for h in range(1, most + 1) if windows(h, bins, edges, dtype) != windows(h, bins, BinEdges.EXACT, dtype)]


@pytest.mark.parametrize(
    ("snap", "pixels"),
    [
        (CornerSnap.HALF_AWAY, [-2, -1, 1, 2, 3]),
        (CornerSnap.HALF_EVEN, [-2, 0, 0, 2, 2]),
        (CornerSnap.HALF_UP, [-1, 0, 1, 2, 3]),
    ],
)
def test_halves(snap, pixels):
    assert [snapped(Fraction(n, 2), snap) for n in (-3, -1, 1, 3, 5)] == pixels


@pytest.mark.parametrize("snap", [snap for snap in CornerSnap if snap != CornerSnap.NONE])
def test_what_is_no_half_becomes_the_nearest(snap):
    assert [snapped(Fraction(n, 4), snap) for n in (-9, -7, -1, 1, 7, 9)] == [-2, -2, 0, 0, 2, 2]


@pytest.mark.parametrize(
    ("edges", "dtype", "bins", "sizes"),
    [
        (BinEdges.FLOAT32, "float64", 7, [57, 114, 121]),
        (BinEdges.MAP, "float32", 7, [57, 114, 121]),
        (BinEdges.MAP, "float64", 7, [29, 58, 116, 123]),
        (BinEdges.FLOAT64, "float32", 7, [29, 58, 116, 123]),
        (BinEdges.MAP, "float16", 7, [29, 58, 116, 123]),
        (BinEdges.EXACT, "float16", 7, []),
    ],
)
def test_heights_of_which_rounding_moves_an_edge(edges, dtype, bins, sizes):
    assert moved(bins, edges, dtype) == sizes


@pytest.mark.parametrize(("bins", "size"), [(7, 5), (10, 1), (6, 13), (9, 13), (14, 1)])
def test_first_height_of_which_adding_up_moves_an_edge(bins, size):
    assert moved(bins, BinEdges.ACCUMULATED, "float32")[0] == size


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bins", [*range(1, 7), 8, 9, 10, 12, 16, 17, 32])
def test_bins_whose_edges_no_rounding_moves(bins, dtype):
    assert moved(bins, BinEdges.MAP, dtype, most=512) == []


def test_an_edge_within_a_roi_of_62_pixels_in_14_bins():
    assert windows(62, 14, BinEdges.FLOAT32)[7][0] == 30
    assert windows(62, 14, BinEdges.EXACT)[7][0] == 31


@pytest.mark.parametrize("bins", [(21, 3), (28, 4)])
def test_small_rois_in_many_bins(bins):
    assert moved(bins[0], BinEdges.FLOAT32, "float32")[0] == bins[1]


@pytest.mark.parametrize("dialect", ["torchvision", "onnxruntime", "openvino", "mxnet", "chainer", "roikit"])
def test_an_inverted_box_is_one_pixel_at_its_first_corner(dialect):
    assert set(pool(ARANGE, [0, 4, 4, 1, 1], dialect=dialect).flat) == {28}


def test_scaled_by_seven_tenths():
    assert list(pool(ARANGE, [0, 0, 0, 4, 4], scale=0.7).flat) == [7, 9, 19, 21]


def test_the_last_bin_overlaps():
    assert list(pool(np.linspace(1, 64, 64).reshape(8, 8), [0, 0, 0, 3, 3]).flat) == [10, 12, 26, 28]


def test_the_part_outside_the_map_makes_empty_bins_and_moves_no_other():
    row = [[10, 20, 30, 40]]
    assert list(pool(row, [0, -4, 0, 3, 0], (1, 4)).flat) == [0, 0, 20, 40]
    assert list(pool(row, [0, -4, 0, 3, 0], (1, 4), dialect="chainer-max").flat) == [Special.MINUS_INFINITY] * 2 + [
        20,
        30,
    ]


def test_unsnapped_corners():
    row = [[1, 2, 3, 4, 5, 6, 7, 8]]
    # From 1.5 to 5: bins of 1.75, [1.5, 3.25) and [3.25, 5).
    assert list(pool(row, [0, 3, 0, 9, 0], (1, 2), scale=Fraction(1, 2), dialect="mmcv").flat) == [4, 5]
    # Snapped: from pixel 2 to pixel 5, the last included; 4.5 becomes 5.
    assert list(pool(row, [0, 3, 0, 9, 0], (1, 2), scale=Fraction(1, 2)).flat) == [4, 6]


def test_a_box_of_no_extent():
    assert list(pool(ARANGE, [0, 3, 3, 2, 2], (1, 1), dialect="mmcv").flat) == [0]
    assert list(pool(ARANGE, [0, 3, 3, 2, 2], (1, 1)).flat) == [21]
    assert list(pool(ARANGE, [0, 3, 3, 3, 3], (1, 1), dialect="chainer-max").flat) == [21]


@pytest.mark.parametrize(
    ("dialect", "values"),
    [
        ("torchvision", [9, 9, 9, LOWEST]),
        ("onnxruntime", [9, 3, Special.NAN, Special.NAN]),
        ("mnn", [9, 3, Special.NAN, Special.NAN]),
        ("tvm", [9, 3, Special.NAN, Special.NAN]),  # of maps that the bin has to their end
        ("openvino", [Special.NAN, 9, 9, Special.NAN]),
        ("chainer", [Special.NAN] * 4),
        ("ncnn", [None] * 4),
    ],
)
def test_nan_first_within_last_and_alone(dialect, values):
    nan = math.nan
    rows = [[nan, 2, 9], [9, nan, 3], [9, 3, nan], [nan, nan, nan]]
    maps = np.array(rows)[None, :, None]
    assert list(pool(maps, [0, 0, 0, 2, 0], (1, 1), dialect=dialect).flat) == values


@pytest.mark.parametrize(
    ("pixels", "box", "greatest"),
    [
        ([[1, math.nan], [2, 3]], [0, 0, 1, 0], Special.MINUS_INFINITY),  # a row follows
        ([[1, 2], [math.nan, 3]], [0, 0, 0, 1], Special.MINUS_INFINITY),  # a column does
        ([[1, 2], [3, math.nan]], [0, 0, 1, 1], Special.NAN),
        ([[1, math.nan], [-9, 3]], [0, 0, 0, 1], 1),
        ([[math.nan, -9, 5]], [0, 0, 1, 0], -9),
    ],
)
def test_a_nan_that_something_of_the_map_follows(pixels, box, greatest):
    """TVM goes through the whole map, where what is outside a bin is minus infinity."""
    assert list(pool(pixels, [0, *box], (1, 1), dialect="tvm").flat) == [greatest]


@pytest.mark.parametrize(
    ("dtype", "lowest", "lowest_of_map"),
    [
        ("float16", Special.MINUS_INFINITY, -65504),
        ("bfloat16", Special.MINUS_INFINITY, -(255 * 2**120)),
        ("float32", LOWEST, LOWEST),
        ("float64", LOWEST, -Fraction(sys.float_info.max)),
    ],
)
def test_minus_infinity_alone(dtype, lowest, lowest_of_map):
    starts = {"torchvision": lowest, "tvm": lowest_of_map, "paddle": lowest_of_map, "chainer": Special.MINUS_INFINITY}
    for dialect, start in starts.items():
        row = [[-math.inf, -math.inf]]
        assert list(pool(row, [0, 0, 0, 1, 0], (1, 1), dialect=dialect, dtype=dtype).flat) == [start], dialect


@pytest.mark.parametrize(
    ("dialect", "greatest"),
    [("torchvision", LOWEST), ("tvm", Fraction(-1e200)), ("paddle", Fraction(-1e200)), ("chainer", Fraction(-1e200))],
)
def test_below_float32(dialect, greatest):
    row = [[-1e300, -1e200]]
    assert list(pool(row, [0, 0, 0, 1, 0], (1, 1), dtype="float64", dialect=dialect).flat) == [greatest]


def test_invalid_rois():
    boxes = [[0, math.nan, 0, 1, 1], [0, 0, 0, math.inf, 1], [-1, 0, 0, 1, 1], [1, 0, 0, 1, 1], [0.9, 0, 0, 1, 1]]
    assert [value is None for value in pool(ARANGE, boxes, (1, 1)).flat] == [True] * 4 + [False]


def test_averages_divide_by_the_pixels_of_the_map():
    assert list(pool(ARANGE, [0, -2, -2, 1, 1], (1, 1), mode="avg").flat) == [Fraction(0 + 1 + 6 + 7, 4)]
    assert list(pool(ARANGE, [0, -9, -9, -5, -5], (1, 1), mode="avg", dialect="chainer-max").flat) == [0]
    assert list(pool(ARANGE, [0, 0, 0, 2, 0], (1, 2), mode="avg").flat) == [Fraction(1, 2), Fraction(3, 2)]


def test_the_first_of_equal_pixels_receives():
    sent = gradient([[1, 2, 5], [5, 0, 5]], [0, 0, 0, 2, 1], [[3]])
    assert sent.reshape(2, 3).tolist() == [[0, 0, 3], [0, 0, 0]]


def test_all_bins_of_an_inverted_box_send_to_its_pixel():
    sent = gradient(ARANGE, [0, 4, 4, 1, 1], [[1, 1], [1, 1]])
    assert sent[0, 0, 4, 4] == 4
    assert sent.sum() == 4


def test_empty_bins_send_nothing():
    sent = gradient(np.zeros((4, 4)), [0, -4, 0, 3, 3], [[1, 2], [3, 4]])
    assert sent.sum() == 6


def test_averages_send_to_all_their_pixels():
    sent = gradient(np.zeros((1, 3)), [0, 0, 0, 2, 0], [[2, 4]], mode="avg")
    assert list(sent.flat) == [1, 3, 2]


def test_dialects_that_agree_in_averages():
    modes = {name: dialect.for_mode("avg") for name, dialect in DIALECTS.items()}
    assert modes["chainer-max"] == modes["chainer-average"]
    assert modes["openvino"] == modes["roikit"] != modes["onnxruntime"]
    with pytest.raises(ValueError, match="min_size"):
        replace(DIALECTS["roikit"], min_size="zero")
