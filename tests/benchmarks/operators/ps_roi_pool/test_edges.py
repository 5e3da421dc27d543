"""Where bins lie: exact, where rounding moves them, and by whole image pixels."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from benchmarks.measuring.problem import Level
from benchmarks.operators.ps_roi_pool.edges import DIALECTS, EXACT, windows_of


def level(*boxes, scale=1.0, size=(6, 8)):
    return Level(np.zeros((1, 1, *size), np.float32), np.array(boxes, np.float32), scale, np.arange(len(boxes)))


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 14])
def test_exact_edges_are_floors_and_ceilings_of_fractions(bins):
    sizes = range(1, 130)
    found = windows_of(level(*([0, 2, 0, 2 + size, 1] for size in sizes), size=(3, 300)), bins, EXACT)
    for k, size in enumerate(sizes):
        step = Fraction(size, bins)
        assert found.left[k].tolist() == [2 + floor(p * step) for p in range(bins)]
        assert found.right[k].tolist() == [2 + ceil((p + 1) * step) for p in range(bins)]


def test_sizes_whose_edges_are_rounded_to_others():
    of = level(*([0, 0, 0, size, 1] for size in range(1, 243)), size=(3, 300))
    exact, single = (windows_of(of, 7, rules).right for rules in (EXACT, DIALECTS["torchvision"]))
    assert (np.flatnonzero((exact != single).any(axis=1)) + 1).tolist() == [57, 114, 121, 228, 235, 242]


def test_corners_by_feature_pixels_and_by_image_pixels():
    of = level([0, 3, 0, 6, 5], scale=0.5)
    whole, image = (windows_of(of, 1, rules) for rules in (EXACT, DIALECTS["mxnet"]))
    assert (whole.left.tolist(), whole.right.tolist()) == ([[2]], [[3]]), "from round(1.5) to round(3)"
    assert (image.left.tolist(), image.right.tolist()) == ([[1]], [[4]]), "from 1.5 to (6 + 1) / 2"


def test_the_last_row_and_column_are_read_by_some_and_an_inverted_box_lies_at_its_first_corner():
    of = level([0, 4, 2, 20, 20], [0, 4, 4, 1, 1])
    whole, image = (windows_of(of, 1, rules) for rules in (EXACT, DIALECTS["openvino"]))
    assert (whole.bottom[0], whole.right[0]) == (5, 7)
    assert (image.bottom[0], image.right[0]) == (6, 8)
    for found in (whole, image):
        assert (found.left[1].tolist(), found.right[1].tolist()) == ([4], [5])
