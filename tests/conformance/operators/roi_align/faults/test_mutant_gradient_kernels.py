"""The golden cases notice when one of RoIAlign's gradients is broken; that they conform as they are, `test_judged.py` sees."""

import numpy as np
import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict
from roikit.kernels import roi_align, roi_align_backward

CASES = [
    c
    for c in up_to("small", golden_cases())
    if c.operator == "roi_align" and c.operation != "forward" and c.kind in ("value", "invalid")
]

# A source, one of its lines, and what to put in its place.
AVERAGE, MAXIMUM, BOXES, TILES = (
    "roi_align/feature_gradient_average.cu",
    "roi_align/feature_gradient_maximum.cu",
    "roi_align/box_gradient.cu",
    "roi_align/tiles.cu",
)
MUTANTS = {
    "weight lost": (AVERAGE, "weights[sample.low - begin] += sample.weight_low;", "+=", "="),
    "high pixel lost": (AVERAGE, "weights[sample.high - begin] += sample.weight_high;", "sample.weight_high", "(acc_t)0"),
    "not divided": (AVERAGE, "along_y && samples > (acc_t)1 ? samples : (acc_t)1;", "? samples", "? (acc_t)1"),
    "divided along both axes": (AVERAGE, "along_y && samples > (acc_t)1 ? samples", "along_y && ", ""),
    "tile begins one row late": (AVERAGE, "first_rank(axis, p, (acc_t)(begin - 1), true)", "begin - 1", "begin"),
    "last row of a tile forgotten": (AVERAGE, "if (sample.low >= end) break;", "end", "end - 1"),
    "first RoI only": (AVERAGE, "} while (chunk.left > 0);", "chunk.left > 0", "false"),
    "bins of the next RoI": (AVERAGE, "(piece.roi * params.bins_y + p)", "piece.roi", "(piece.roi + 1)"),
    "last piece of a vector": (AVERAGE, "if constexpr (N > 1 && !ALIGNED) {", "N > 1", "N > 100"),
    "columns of the last vector": (AVERAGE, "if (to.count == VECTOR) {", "to.count == VECTOR", "to.count >= VECTOR - 1"),
    "bins of inverted boxes": (AVERAGE, "return Span{a.begin < b.begin ? a.begin : b.begin,", "a.begin < b.begin ? a.begin : b.begin", "a.begin"),
    "rows that a bin begins above": (AVERAGE, "while (y < end && weights_y[end - 1] == (acc_t)0) --end;", "--end", "end = y + 1"),
    "image": (AVERAGE, "work.tile.image * params.channels * pixels", "work.tile.image", "0"),
    "winner is the last": (MAXIMUM, "const bool wins = value > best.value[v];", "value > best", "value >= best"),
    "winner is the least": (MAXIMUM, "const bool wins = value > best.value[v];", "value > best", "-value > best"),
    "outside sample never first": (MAXIMUM, "x.index > 0) return true;", "true", "false"),
    "corner exchanged": (MAXIMUM, "high_y ? y.high : y.low, high_x ? x.high : x.low", "high_x ? x.high : x.low", "high_x ? x.low : x.high"),
    "one tap of a maximum": (MAXIMUM, "y.high, x.high, y.weight_high * x.weight_high, grad, params);", " grad,", " (acc_t)0,"),
    "start sends": (MAXIMUM, "if (winner.y < 0) return;", "winner.y < 0", "false"),
    "inverted order": (MAXIMUM, "if (axis.bin < (acc_t)0) return Order", "axis.bin < (acc_t)0", "false"),
    "sums of the tile before": (MAXIMUM, "work.sums[i] = (acc_t)0;", "= (acc_t)0", "+= (acc_t)0"),
    "slope in the clamped band": (BOXES, "if (!(at >= (acc_t)0 && at < (acc_t)(axis.size - 1)))", "at >= (acc_t)0", "at >= (acc_t)-1"),
    "slope before the last pixel": (BOXES, "if (!(at >= (acc_t)0 && at < (acc_t)(axis.size - 1)))", "size - 1", "size - 2"),
    "held extent moves": (BOXES, "if (axis.held) return", "axis.held", "false"),
    "corners exchanged": (BOXES, "return Motion{(acc_t)bins - share, share};", "(acc_t)bins - share, share", "share, (acc_t)bins - share"),
    "scale forgotten": (BOXES, "sum / divisor * (acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);", "params.scales_x[roi.level] : params.scales_y[roi.level]", "1 : 1"),
    "bins forgotten": (BOXES, "(acc_t)(along_x ? params.bins_x : params.bins_y);", "along_x ?", "!along_x ?"),
    "one lane only": (BOXES, "lane < lanes; ++lane) sum", "lane < lanes", "lane < 1"),
    "extent one row short": (TILES, "ranks.end - 1).high + 1};", "+ 1}", "+ 0}"),
    "last RoI of a word": (TILES, "first + 32 < params.rois ? first + 32 : params.rois;", ": params.rois", ": params.rois - 1"),
    "tiles counted short": (TILES, "total += bits_in(touching[word]);", "total +=", "total ="),
    "tile to the right": (TILES, "extent.x_end > tile.x_begin;", "tile.x_begin", "tile.x_end"),
}  # fmt: skip


@pytest.mark.one_in(12)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_gradient(fault, mutant, judgements):
    with mutant(*MUTANTS[fault]):
        red = next(
            (
                what
                for dialect in ("torchvision-aligned", "torchvision", "onnx-16", "mmcv")
                for what, judgement in judgements(CASES, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
        red = red or _many_rois_differ() or _first_of_ties_is_lost()
    assert red, f"no case notices: {fault}"


def _many_rois_differ():
    """Returns whether the gradient of many RoIs on a map of several tiles is not the adjoint of the output: cases are small."""
    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, (2, 3, 40, 79)).astype(np.float32)
    corners = rng.integers(0, 30, (70, 2)) / 2
    boxes = np.column_stack([rng.integers(0, 2, 70), corners, corners + rng.integers(2, 50, (70, 2)) / 2]).astype(
        np.float32
    )
    grad = rng.integers(-4, 5, (70, 3, 2, 2)).astype(np.float32)
    output = roi_align(x, boxes, 2, 1.0, 2, True)
    out = np.full_like(x, np.nan)  # memory as it comes may hold the right answer of an earlier call
    gradient = roi_align_backward(grad, boxes, x.shape, 1.0, 2, True, out=out)
    return (gradient * x).sum(dtype=float) != (output * grad).sum(dtype=float)  # both are exact


def _first_of_ties_is_lost():
    """Returns whether, of equal samples of an inverted RoI, not the first has the gradient: that next to (x1, y1) = (6, 6)."""
    x, boxes = np.ones((1, 1, 9, 9), np.float32), np.array([[0, 6, 6, 2, 2]], np.float32)
    how = {"sampling_ratio": 2, "mode": "max", "dialect": "torchvision-aligned"}
    gradient = roi_align_backward(np.ones((1, 1, 1, 1), np.float32), boxes, x.shape, **how, input=x)[0, 0]
    return gradient[4:6, 4:6].sum() != 1 or gradient.sum() != 1


def test_what_is_beyond_the_cases_holds():
    assert not _many_rois_differ()
    assert not _first_of_ties_is_lost()
