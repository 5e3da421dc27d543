"""The golden cases notice when one of PSRoIAlign's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "ps_roi_align" and c.kind in ("value", "invalid")]
OF = {operation: [c for c in SMALL if c.operation == operation] for operation in {c.operation for c in SMALL}}

# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, BOXES, TILES = (
    "ps_roi_align/forward.cu",
    "ps_roi_align/feature_gradient_average.cu",
    "ps_roi_align/box_gradient.cu",
    "ps_roi_align/tiles.cu",
)
OPERATIONS = {OUTPUT: "forward", AVERAGE: "feature_gradient", TILES: "feature_gradient", BOXES: "box_gradient"}
MUTANTS = {
    "rows and columns of bins": (OUTPUT, "selected_by((int64)p * roi.bins_x + q,", "p * roi.bins_x + q", "q * roi.bins_y + p"),
    "bins first": (OUTPUT, "class_major ? Selected{bin, bins}", "Selected{bin, bins}", "Selected{bin * channels, 1}"),
    "bins last": (OUTPUT, ": Selected{bin * channels, 1};", "Selected{bin * channels, 1}", "Selected{bin, bins}"),
    "one channel for all": (OUTPUT, "roi.map + first * apart,", "first * apart", "channel * apart"),
    "lane": (OUTPUT, "selected.step * apart, pixel,", "selected.step * apart", "apart"),
    "taps of another row": (OUTPUT, "return Bin{roi.y.lists[p], roi.x.lists[q], p, q};", "lists[p]", "lists[q]"),
    "last tap of a line": (OUTPUT, "b < of_inner.count;", "of_inner.count", "of_inner.count - 1"),
    "weight across": (OUTPUT, "multiply_add<N>(outer_taps[a].weight, line, sum);", "outer_taps[a].weight", "(acc_t)1"),
    "divisor": (OUTPUT, "return sum / roi.divisor;", "roi.divisor", "(roi.divisor + 1)"),
    "empty grid": (OUTPUT, "(EMPTY_GRID == EmptyGrid::nan && samples == (acc_t)0);", "EMPTY_GRID == EmptyGrid::nan", "true"),
    "image": (OUTPUT, "roi.image * channels * height * width;", "roi.image", "0"),
    "half a pixel": (OUTPUT, "case Offset::half: return add(mul(x, scale), (acc_t)-0.5f);", "(acc_t)-0.5f", "(acc_t)0"),
    "rows and columns of the bin": (AVERAGE, "add_shares(work, arriving, p + a, q + b, along_y,", "p + a, q + b", "q + b, p + a"),
    "reader, bins of a channel": (AVERAGE, "class_major ? Selected{bin, bins}", "Selected{bin, bins}", "Selected{bin * channels, 1}"),
    "reader, channels of a bin": (AVERAGE, ": Selected{bin * channels, 1};", "bin * channels, 1", "bin, bins"),
    "what arrives, channels last": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "bin * channels + channel", "channel"),
    "what arrives, channels first": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "channel * bins + bin", "channel"),
    "RoI": (AVERAGE, "arriving = grad + piece.roi * params.channels;", "piece.roi * params.channels", "0"),
    "not divided": (AVERAGE, "along_y && samples > (acc_t)1 ? samples : (acc_t)1;", "? samples", "? (acc_t)1"),
    "tile to the right": (TILES, "extent.x_end > tile.x_begin;", "tile.x_begin", "tile.x_end"),
    "boxes: first channel": (BOXES, "+ selected.first * apart;", "selected.first", "0"),
    "boxes: next channel": (BOXES, "place.map_step = selected.step * apart;", "selected.step", "1"),
    "boxes: channels of the maps": (BOXES, "channels_read(int64 channels, int64 bins) { return channels * bins; }", "channels * bins", "channels"),
    "boxes: corners exchanged": (BOXES, "return Motion{(acc_t)bins - share, share};", "(acc_t)bins - share, share", "share, (acc_t)bins - share"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    source = MUTANTS[fault][0]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for dialect in ("roikit", "roikit-bin-major", "torchvision")
                for what, judgement in judgements(OF[OPERATIONS[source]], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
