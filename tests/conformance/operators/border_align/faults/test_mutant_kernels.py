"""The golden cases notice when a kernel of BorderAlign is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "border_align" and c.kind in ("value", "invalid")]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, MAXIMUM, TILES, BOXES = (
    "border_align/forward.cu",
    "border_align/feature_gradient_maximum.cu",
    "border_align/tiles.cu",
    "border_align/box_gradient.cu",
)
MUTANTS = {
    "offset": (OUTPUT, "OFFSET == Offset::half ? (acc_t)-0.5f", "(acc_t)-0.5f", "(acc_t)0.5f"),
    "width of the box": (OUTPUT, "points.width = add(points.x2, -points.x1)", "points.x1", "points.y1"),
    "sides that run back": (OUTPUT, "ROIKIT_FN bool runs_back(int side) { return side >= 2; }", "side >= 2", "side == 2"),
    "sides along x": (OUTPUT, "bool runs_along_x(int side) { return side % 2 == 0; }", "side % 2 == 0", "side < 2"),
    "share of a point": (OUTPUT, "(acc_t)j / (acc_t)points.parts;", "(acc_t)points.parts", "((acc_t)points.parts + (acc_t)1)"),
    "corner that a side begins at": (OUTPUT, "back ? points.y2 : points.y1,", "points.y2", "points.y1"),
    "way back": (OUTPUT, "const acc_t signed_way = back ? -way : way;", "-way", "way"),
    "last point": (OUTPUT, "return Samples{0, 1, 0, points.parts + 1};", "points.parts + 1", "points.parts"),
    "first point": (OUTPUT, "return Samples{0, 1, 0, points.parts + 1};", "{0, 1, 0,", "{0, 1, 1,"),
    "what is outside": (OUTPUT, "interpolate(at.x, width), nothing) : nothing;", ": nothing", ": filled<N>(-infinity())"),
    "the greatest": (OUTPUT, "best = larger<N>(best,", "larger<N>(best,", "(best +"),
    "channels of a side": (OUTPUT, "selected_by(bin, bins, params.channels).first", "(bin, bins,", "((bin + 1) % 4, bins,"),
    "where a bin lies": (OUTPUT, "output + mine.first + bin * mine.bin,", "bin * mine.bin", "(3 - bin) * mine.bin"),
    "boxes of an image": (OUTPUT, "k / together * channels * together + k % together", "k % together", "0"),
    "channels apart": (OUTPUT, "+ k % together) * bins, together * bins, 1}", "together * bins, 1", "bins, 1"),
    "low bound": (OUTPUT, "return at.y >= (acc_t)-1 &&", "at.y >= (acc_t)-1", "at.y >= (acc_t)0"),
    "first image only": (OUTPUT, "roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "the first of equals": (MAXIMUM, "const bool wins = value > best.value[v];", ">", ">="),
    "a winner outside": (MAXIMUM, "is_inside(at, height, width) ? i : -1, j);", "-1, j", "0, j"),
    "winners of other channels": (MAXIMUM, "for (int v = 0; v < N; ++v) winners[(channel + v) * apart]", "(channel + v)", "channel"),
    "the bin of a channel": (MAXIMUM, "Selector{channel / channels, channel % channels}", "channel / channels", "0"),
    "reach of a side": (MAXIMUM, "include(area, point_at(points, 0, side, 0, points.parts));\n    return area;", "points.parts", "0"),
    "points exactly at the bound": (MAXIMUM, "reach.y_end >= (acc_t)(tile.y_begin - 1) &&", ">=", ">"),
    "high pixel of a winner": (MAXIMUM, "x.high, y.weight_low * x.weight_high, arriving", "x.weight_high", "x.weight_low"),
    "rows of a tile": (MAXIMUM, "if (y < tile.y_begin || y >= tile.y_end", "y >= tile.y_end", "y >= tile.y_end - 1"),
    "sums of a tile": (MAXIMUM, "work.sums[i] = (acc_t)0;", "(acc_t)0", "(acc_t)1"),
    "boxes after the first 32": (MAXIMUM, "const int64 k = 32 * word +", "32 * word", "0"),
    "extent of a box": (TILES, "if (!(end >= (acc_t)-1 && begin <= (acc_t)size)) return Span{0, 0};", "(acc_t)-1", "(acc_t)1"),
    "sides of an extent": (TILES, "for (int side = 0; side < 4; ++side) {", "side < 4", "side < 1"),
    "share that moves": (BOXES, "return back ? Motion{share, rest} : Motion{rest, share};", "{rest, share}", "{share, rest}"),
    "corner that moves": (BOXES, "return back ? Motion{(acc_t)0, (acc_t)1}", "(acc_t)0, (acc_t)1", "(acc_t)1, (acc_t)0"),
    "slope in the bands": (BOXES, "if (!(point.y >= (acc_t)0 &&", "(acc_t)0", "(acc_t)-1"),
    "second corner": (BOXES, "sums.by[3] = multiply_add<1>(y.second, down,", "y.second", "y.first"),
    "all lanes": (BOXES, "for (int lane = 0; lane < lanes; ++lane) sum +=", "lane = 0", "lane = 1"),
}  # fmt: skip
_OPERATION = {OUTPUT: "forward", MAXIMUM: "feature_gradient", TILES: "feature_gradient", BOXES: "box_gradient"}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    source = MUTANTS[fault][0]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for what, judgement in judgements(
                    BY_OPERATION[_OPERATION[source]], ("roikit", "roikit-aligned"), ("float32",)
                )
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
