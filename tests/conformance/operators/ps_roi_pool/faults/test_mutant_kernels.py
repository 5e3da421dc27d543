"""The golden cases notice when one of PSRoIPool's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "ps_roi_pool" and c.kind in ("value", "invalid")]
FORWARD = [case for case in SMALL if case.operation == "forward"]
GRADIENTS = [case for case in SMALL if case.operation != "forward"]

# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, TILES = (
    "ps_roi_pool/forward.cu",
    "ps_roi_pool/feature_gradient_average.cu",
    "ps_roi_pool/tiles.cu",
)
MUTANTS = {
    "halves to even": (OUTPUT, "Corners::after_scale ? round_of(mul(low, scale))", "round_of(mul(low, scale))", "floor_of(add(mul(low, scale), (acc_t)0.5f))"),
    "scaled before rounding": (OUTPUT, ": mul(round_of(low), scale);", "mul(round_of(low), scale)", "mul(low, scale)"),
    "1 is not added": (OUTPUT, "mul(add(round_of(high), (acc_t)1), scale);", "add(round_of(high), (acc_t)1)", "round_of(high)"),
    "1 is added after rounding": (OUTPUT, "mul(round_of(add(high, (acc_t)1)), scale);", "round_of(add(high, (acc_t)1))", "add(round_of(high), (acc_t)1)"),
    "least size": (OUTPUT, "MIN_SIZE == MinSize::one ? 1.0 : 0.1;", ": 0.1", ": 1.0"),
    "no least size": (OUTPUT, "if (axis.extent < least) axis.extent = least;", "axis.extent = least", "axis.extent = 0.0"),
    "last row and column": (OUTPUT, "CLIP == Clip::before_last && size > 0 ? size - 1 : size;", "? size - 1", "? size"),
    "last row and column of all": (OUTPUT, "CLIP == Clip::before_last && size > 0 ? size - 1 : size;", ": size;", ": size - 1;"),
    "first pixel of a bin": (OUTPUT, "first = axis.start + (double)(p * a + p * b / axis.bins);", "p * b /", "(p * b + axis.bins - 1) /"),
    "last pixel of a bin": (OUTPUT, "((p + 1LL) * b + axis.bins - 1) / axis.bins);", " + axis.bins - 1", ""),
    "edges in integers": (OUTPUT, "&& EDGES == Edges::exact && axis.extent >= 1.0) {", "EDGES == Edges::exact", "true"),
    "rows and columns of bins": (OUTPUT, "selected_by((int64)p * roi.bins_x + q,", "p * roi.bins_x + q", "q * roi.bins_y + p"),
    "bins first": (OUTPUT, "class_major ? Selected{bin, bins}", "Selected{bin, bins}", "Selected{bin * channels, 1}"),
    "one channel for all": (OUTPUT, "roi.map + first * apart,", "first * apart", "channel * apart"),
    "lane": (OUTPUT, "selected.step * apart, pixel,", "selected.step * apart", "apart"),
    "divisor": (OUTPUT, "return sum / (acc_t)pixels_of(y, x);", "pixels_of(y, x)", "(pixels_of(y, x) + 1)"),
    "x and y exchanged": (OUTPUT, "box[2], box[4], (acc_t)params.scales_y", "box[2], box[4]", "box[1], box[3]"),
    "one scale for both axes": (OUTPUT, "box[1], box[3], (acc_t)params.scales_x", "params.scales_x", "params.scales_y"),
    "first image only": (OUTPUT, "roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "share": (AVERAGE, "const acc_t share = (acc_t)1 / (acc_t)(bin.end - bin.begin);", "(acc_t)1 /", "(acc_t)2 /"),
    "rows and columns of the bin": (AVERAGE, "add_shares(work, arriving, p + a, q + b, along_y,", "p + a, q + b", "q + b, p + a"),
    "what arrives, channels last": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "bin * channels + channel", "channel"),
    "what arrives, channels first": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "channel * bins + bin", "channel"),
    "RoI": (AVERAGE, "arriving = grad + piece.roi * params.channels;", "piece.roi * params.channels", "0"),
    "sum so far": (AVERAGE, "sum = multiply_add(along_y, along_x * widen(sent), sum);", ", sum)", ", (acc_t)0)"),
    "tiles counted short": (TILES, "first + 32 < params.rois ? first + 32 : params.rois;", ": params.rois", ": params.rois - 1"),
    "tile to the right": (TILES, "extent.x_end > tile.x_begin;", "tile.x_begin", "tile.x_end"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    source = MUTANTS[fault][0]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for dialect in ("roikit", "torchvision", "mxnet", "openvino")
                for what, judgement in judgements(FORWARD if source == OUTPUT else GRADIENTS, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
