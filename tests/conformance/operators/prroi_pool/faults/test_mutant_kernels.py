"""The golden cases notice when one of PrRoIPool's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "prroi_pool" and c.kind in ("value", "invalid")]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}

# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, TILES, BOXES = (
    "prroi_pool/forward.cu",
    "prroi_pool/feature_gradient_average.cu",
    "prroi_pool/tiles.cu",
    "prroi_pool/box_gradient.cu",
)
MUTANTS = {
    "end without scale": (OUTPUT, "add(mul(high, scale), -axis.start);", "mul(high, scale)", "high"),
    "extent of flat RoIs": (OUTPUT, "axis.taken = extent > (acc_t)0 ? 1 : 0;", "extent > (acc_t)0 ? 1 : 0", "1"),
    "edge of the next bin": (OUTPUT, "part.b = edge_at(axis, p + 1);", "p + 1", "p + 2"),
    "cells from the map's first pixel": (OUTPUT, "whole <= (acc_t)-1 ? 0 : whole", "? 0 :", "? 1 :"),
    "cells to the map's last pixel": (OUTPUT, "whole >= (acc_t)size ? size + 1 :", "size + 1", "size"),
    "last cell of a bin": (OUTPUT, "end = cell_number(ceil_of(b), axis.size);", "ceil_of(b)", "floor_of(b)"),
    "start within a cell": (OUTPUT, "part.begin = part.a > low ? part.a : low;", "part.a : low", "low : low"),
    "end within a cell": (OUTPUT, "part.end = part.b < high ? part.b : high;", "part.b : high", "high : high"),
    "share": (OUTPUT, "(part.end - part.begin) / (part.b - part.a);", " / (part.b - part.a)", ""),
    "weight before a cell": (OUTPUT, "(((high - part.begin) + (high - part.end)) * (acc_t)0.5f)", "(high - part.end)", "(high - part.begin)"),
    "weight after a cell": (OUTPUT, "(((part.begin - low) + (part.end - low)) * (acc_t)0.5f)", "(part.begin - low)", "(part.end - low)"),
    "the pixel before the first": (OUTPUT, "if (rank == 0) return Sample{0, 0, after, (acc_t)0};", "after", "before"),
    "the pixel after the last": (OUTPUT, "const bool is_alone = rank == axis.size ||", "rank == axis.size", "rank == axis.size + 1"),
    "x and y exchanged": (OUTPUT, "box[2], box[4], (acc_t)params.scales_y", "box[2], box[4]", "box[1], box[3]"),
    "one scale for both axes": (OUTPUT, "box[1], box[3], (acc_t)params.scales_x", "params.scales_x", "params.scales_y"),
    "first image only": (OUTPUT, "roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "first cell of a tile": (AVERAGE, "const int first = ranks.begin > begin ? ranks.begin : begin,", ": begin,", ": begin + 1,"),
    "last cell of a tile": (AVERAGE, "last = ranks.end < end + 1 ? ranks.end : end + 1;", ": end + 1;", ": end;"),
    "second pixel of a cell": (AVERAGE, "weights[sample.high - begin] += sample.weight_high;", "weight_high", "weight_low"),
    "weights that add up": (AVERAGE, "weights[sample.low - begin] += sample.weight_low;", "+=", "="),
    "extent of a bin": (TILES, "sample_at(axis, p, ranks.end - 1).high + 1};", "high + 1", "high"),
    "tile to the right": (TILES, "extent.x_end > tile.x_begin;", "tile.x_begin", "tile.x_end"),
    "flat boxes": (BOXES, "is_flat(roi) && FLAT_BOX == FlatBox::nan;", "FlatBox::nan", "FlatBox::zero"),
    "how the start moves": (BOXES, "((part.b - part.begin) + (part.b - part.end)) / size", "(part.b - part.end)", "(part.b - part.begin)"),
    "how the end moves": (BOXES, "((part.begin - part.a) + (part.end - part.a)) / size", "(part.begin - part.a)", "(part.end - part.a)"),
    "first corner": (BOXES, "cell.first = of_start * (acc_t)(bins - p) + of_end * (acc_t)(bins - p - 1);", "bins - p - 1", "bins - p"),
    "second corner": (BOXES, "cell.second = of_start * (acc_t)p + of_end * (acc_t)(p + 1);", "p + 1", "p"),
    "pixels outside": (BOXES, "cell.has_low = rank > 0;", "rank > 0", "true"),
    "scale of the gradient": (BOXES, "(acc_t)(along_x ? params.scales_x[roi.level] : params.scales_y[roi.level]);", "params.scales_x[roi.level] :", "1.0 :"),
    "bins of the gradient": (BOXES, "(along_x ? params.bins_x : params.bins_y) * scale;", "params.bins_x : params.bins_y", "params.bins_y : params.bins_x"),
    "all lanes": (BOXES, "for (int lane = 0; lane < lanes; ++lane) sum +=", "lane = 0", "lane = 1"),
}  # fmt: skip
_OPERATION = {OUTPUT: "forward", AVERAGE: "feature_gradient", TILES: "feature_gradient", BOXES: "box_gradient"}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    source = MUTANTS[fault][0]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for what, judgement in judgements(BY_OPERATION[_OPERATION[source]], ("mmcv",), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
