"""The golden cases notice when one of RoIPool's gradients is broken; that they conform as they are, `test_judged.py` sees."""

import numpy as np
import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict
from roikit.kernels import roi_pool, roi_pool_backward

CASES = [
    c
    for c in up_to("small", golden_cases())
    if c.operator == "roi_pool" and c.operation != "forward" and c.kind in ("value", "invalid")
]
MAIN = ("roikit", "torchvision")

# A source, a piece of it, what of that is replaced, and by what.
AVERAGE, MAXIMUM, TILES = (
    "roi_pool/feature_gradient_average.cu",
    "roi_pool/feature_gradient_maximum.cu",
    "roi_pool/tiles.cu",
)
MUTANTS = {
    "winner is the last": (MAXIMUM, "const bool wins = value > best.value[v];", "value > best", "value >= best"),
    "winner is the least": (MAXIMUM, "const bool wins = value > best.value[v];", "value > best", "-value > best"),
    "winner's row and column exchanged": (MAXIMUM, "winner.y, winner.x, (acc_t)1, grad, params);", "winner.y, winner.x", "winner.x, winner.y"),
    "columns of another bin": (MAXIMUM, "find_winner<N>(bin_at(axis_y, p), bin_at(axis_x, q), map, steps);", "bin_at(axis_x, q)", "bin_at(axis_x, p)"),
    "columns of another bin, where it is sent": (MAXIMUM, "arriving_at(rows[p], columns[q], work.tile, arriving);", "columns[q]", "columns[p]"),
    "the first bin of a line, where others are sent": (MAXIMUM, "line_of_bins + (int64)(first + q - sent.first) * LANES;", "* LANES", "* 0"),
    "large bins send nothing": (MAXIMUM, "for (int i = 0; i < count; ++i) send_bin(work, c + i, piece", "i < count", "i < 0"),
    "every greatest pixel": (MAXIMUM, "left.part[i] = pixel.part[i] == greatest.part[i] ? none.part[i] : left.part[i];", "none.part[i]", "left.part[i]"),
    "gradient of another bin": (MAXIMUM, "const int64 place = place_of_bin(piece.roi, p, q, params)", "p, q", "q, p"),
    "sums of the tile before": (MAXIMUM, "work.sums[i] = (acc_t)0;", "= (acc_t)0", "+= (acc_t)0"),
    "tiles without RoIs": (MAXIMUM, "write_tile(work, [](int64, int, int) { return (acc_t)0; }, params);", "(acc_t)0", "(acc_t)1"),
    "first RoIs only": (MAXIMUM, "} while (chunk.left > 0);", "chunk.left > 0", "false"),
    "share": (AVERAGE, "const acc_t share = (acc_t)1 / (acc_t)(bin.end - bin.begin);", "(acc_t)1 /", "(acc_t)2 /"),
    "last pixel of a bin": (AVERAGE, "i >= bin.begin && i < bin.end ? share", "i < bin.end", "i < bin.end - 1"),
    "last RoI of a word": (TILES, "first + 32 < params.rois ? first + 32 : params.rois;", ": params.rois", ": params.rois - 1"),
    "tiles counted short": (TILES, "total += bits_in(touching[word]);", "total +=", "total ="),
    "tile to the right": (TILES, "extent.x_end > tile.x_begin;", "tile.x_begin", "tile.x_end"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_gradient(fault, mutant, judgements):
    with mutant(*MUTANTS[fault]):
        red = next(
            (
                what
                for dialect in MAIN
                for what, judgement in judgements(CASES, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
        red = red or _many_rois_differ()
    assert red, f"no case notices: {fault}"


def _many_rois_differ():
    """Whether the gradient of many RoIs on a map of several tiles is not the adjoint of the output: cases are small."""
    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, (2, 3, 40, 79)).astype(np.float32)
    corners = rng.integers(0, 30, (70, 2)) / 2
    boxes = np.column_stack([rng.integers(0, 2, 70), corners, corners + rng.integers(2, 50, (70, 2)) / 2])
    boxes = boxes.astype(np.float32)
    grad = rng.integers(-4, 5, (70, 3, 2, 2)).astype(np.float32)
    output = roi_pool(x, boxes, 2)
    gradient = roi_pool_backward(grad, boxes, x.shape, input=x, out=np.full_like(x, np.nan))
    return (gradient * x).sum(dtype=float) != (output * grad).sum(dtype=float)  # both are exact


def test_what_is_beyond_the_cases_holds():
    assert not _many_rois_differ()
