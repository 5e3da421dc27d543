"""Edges of bins: exact, and where rounding moves them. The numbers are those of the design notes, from runs of libraries."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from benchmarks.measuring.problem import Level
from benchmarks.operators.roi_pool import edges
from benchmarks.operators.roi_pool.edges import DIALECTS, EXACT, windows_of


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 14])
def test_exact_edges_are_floors_and_ceilings_of_fractions(bins):
    for size in range(1, 260):
        first, last = edges.exact_edges(size, bins)
        step = Fraction(size, bins)
        assert first.tolist() == [floor(p * step) for p in range(bins)]
        assert last.tolist() == [ceil((p + 1) * step) for p in range(bins)]


def sizes_that_differ(function, bins, most=256):
    return [
        size
        for size in range(1, most)
        if any(
            (mine != exact).any()
            for mine, exact in zip(function(size, bins), edges.exact_edges(size, bins), strict=True)
        )
    ]


def test_sizes_whose_edges_are_rounded_to_others():
    assert sizes_that_differ(edges.single_edges, 7, 243) == [57, 114, 121, 228, 235, 242]
    assert sizes_that_differ(edges.double_edges, 7)[:3] == [29, 58, 116]
    assert 62 in sizes_that_differ(edges.single_edges, 14)
    for bins in (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 16):
        assert not sizes_that_differ(edges.single_edges, bins)
        assert not sizes_that_differ(edges.double_edges, bins)
    for bins, size in ((7, 5), (6, 13), (9, 13), (10, 1), (14, 1)):
        assert size in sizes_that_differ(edges.accumulated_edges, bins)


def test_halves():
    halves = np.array([0.5, 1.5, 2.5, 3.5, -0.5, -1.5])
    assert edges.half_away(halves).tolist() == [1, 2, 3, 4, -1, -2]
    assert edges.half_even(halves).tolist() == [0, 2, 2, 4, 0, -2]


def level(*boxes, scale=1.0):
    return Level(np.zeros((1, 1, 6, 8), np.float32), np.array(boxes, np.float32), scale, np.arange(len(boxes)))


def test_bins_are_clipped_after_their_edges_and_an_inverted_box_is_one_pixel():
    found = windows_of(level([0, -4, 0, 3, 3], [0, 4, 4, 1, 1]), 2, EXACT)
    assert (found.left[0].tolist(), found.right[0].tolist()) == ([0, 0], [0, 4]), "the half outside is empty"
    assert (found.left[1].tolist(), found.right[1].tolist()) == ([4, 4], [5, 5])


def test_products_that_float32_rounds_are_refused():
    with pytest.raises(ValueError, match="not exact"):
        windows_of(level([0, 1 / 3, 0, 3, 3], scale=0.3), 2, EXACT)


def test_rules_of_others_are_told_apart():
    of = level([0, 0, 0, 4, 4])
    exact, mnn, torch = (windows_of(of, 7, rules) for rules in (EXACT, DIALECTS["mnn"], DIALECTS["torchvision"]))
    assert exact.same_as(torch)
    assert not exact.same_as(mnn)
