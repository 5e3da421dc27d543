"""The golden cases notice when a kernel of RoIAlign of volumes is broken; that they conform as they are, `test_judged.py` sees.

Pooling, gathering and tiles are broken in the tests of RoIAlign, whose kernels are made of the same texts.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [c for c in up_to("small", golden_cases()) if c.operator == "roi_align_3d" and c.kind in ("value", "invalid")]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, TILES, MAPS, BOXES = (
    f"roi_align_3d/{name}.cu" for name in ("forward", "tiles", "feature_gradient_average", "box_gradient")
)
MUTANTS = {
    "x of boxes": (OUTPUT, "place_line(box[1], box[4], params.scales_x[0]", "box[4]", "box[5]"),
    "z of boxes": (OUTPUT, "place_line(box[3], box[6], params.scale_z", "box[3]", "box[1]"),
    "scale of z": (OUTPUT, "place_line(box[3], box[6], params.scale_z", "params.scale_z", "params.scales_y[0]"),
    "depth": (OUTPUT, "params.bins_d, params.depth, params.sampling_z", "params.depth", "(params.depth - 1)"),
    "height": (OUTPUT, "params.bins_h, params.height, params.sampling_y", "params.height", "(params.height - 1)"),
    "bins of z": (OUTPUT, "params.bins_d, params.depth, params.sampling_z", "params.bins_d", "params.bins_h"),
    "samples of z": (OUTPUT, "params.bins_d, params.depth, params.sampling_z", "sampling_z", "sampling_y"),
    "samples of y": (OUTPUT, "params.bins_h, params.height, params.sampling_y", "sampling_y", "sampling_x"),
    "divisor": (OUTPUT, "return z.grid * y.grid * x.grid;", "z.grid * ", ""),
    "no samples": (OUTPUT, "if (z.taken == 0 || y.taken == 0 || x.taken == 0) return (acc_t)1;", "(acc_t)1", "(acc_t)0"),
    "row of a box": (OUTPUT, "place_volume(box + (ROW_NUMBERS - LIBRARY_ROW_NUMBERS) * k, params)", " * k", ""),
    "slice of a tap": (OUTPUT, "Tap{slice.index * height + first[b].index", "slice.index * height", "slice.index"),
    "weight of a slice": (OUTPUT, "slice.weight * first[b].weight", "slice.weight * ", ""),
    "rows of another slice of bins": (OUTPUT, "of_rows = rows.lists[p % rows.bins];", "p % rows.bins", "0"),
    "slices of another row of bins": (OUTPUT, "const List of_slices = slices.lists[p / rows.bins]", "p / rows.bins", "0"),
    "reach of slices": (TILES, "return Span{slices.begin * axis.height + rows.begin", "slices.begin * axis.height", "slices.end * axis.height"),
    "reach of rows": (TILES, "(slices.end - 1) * axis.height + rows.end};", "+ rows.end", "+ rows.begin"),
    "reach of a bin": (TILES, "span_along(axis.slices, p / axis.bins)", "p / axis.bins", "0"),
    "row of a RoI": (TILES, "(row - boxes) / LIBRARY_ROW_NUMBERS * ROW_NUMBERS", "* ROW_NUMBERS", ""),
    "slice of a row": (MAPS, "row = i - slice * y.height;", " - slice * y.height", ""),
    "a new slice": (MAPS, "if (i == begin || row == 0) of_slice", " || row == 0", ""),
    "bin of a slice": (MAPS, "weight_on(y.slices, p / y.bins, slice)", "p / y.bins", "p % y.bins"),
    "bin of a row": (MAPS, "weight_on(y.line, p % y.bins, row)", "p % y.bins", "0"),
    "what is sent over samples": (MAPS, "weight_on(y.line, p % y.bins, row) / samples;", " / samples", ""),
    "weight below": (MAPS, "weight += sample.weight_low;", "weight_low", "weight_high"),
    "weight above": (MAPS, "weight += sample.weight_high;", "weight_high", "weight_low"),
    "samples before a voxel": (MAPS, "pixel > 0 ? first_rank(line, p, (acc_t)(pixel - 1), true) : 0;", "(acc_t)(pixel - 1)", "(acc_t)pixel"),
    "slope in the bands": (BOXES, "if (!(at >= (acc_t)0 && at <", "(acc_t)0", "(acc_t)-1"),
    "enlarged extents": (BOXES, "if (line.held) return Motion{(acc_t)bins, (acc_t)0};", "line.held", "false"),
    "share": (BOXES, "return Motion{(acc_t)bins - share, share};", "(acc_t)bins - share, share", "share, (acc_t)bins - share"),
    "slope along x": (BOXES, "slopes.along_x = high - low;", "high - low", "low - high"),
    "slope along y": (BOXES, "slopes.along_y = high.value - low.value;", "high.value - low.value", "high.value"),
    "slope along z": (BOXES, "arriving * (high.value - low.value);", "(high.value - low.value)", "(low.value - low.value)"),
    "high slice": (BOXES, "at, z.sample.high, params.height", "z.sample.high", "z.sample.low"),
    "row of a slice": (BOXES, "slice * height + y.high, x)", "y.high", "y.low"),
    "bins of a slice": (BOXES, "slice(p / params.bins_h), row(p % params.bins_h)", "p % params.bins_h", "0"),
    "which corner": (BOXES, "sums.by[2] = multiply_add<N>(z.motion.first", "z.motion.first", "z.motion.second"),
    "which number": (BOXES, "sums.by[4] = multiply_add<N>(y.motion.second, along_y, sums.by[4]);", "along_y", "along_z"),
    "scale of the gradient": (BOXES, "axis == 1 ? params.scales_y[0] : params.scale_z;", "params.scale_z", "params.scales_y[0]"),
    "bins of the gradient": (BOXES, "axis == 1 ? params.bins_h : params.bins_d;", "params.bins_d", "params.bins_h"),
}  # fmt: skip
_OPERATION = {OUTPUT: "forward", TILES: "feature_gradient", MAPS: "feature_gradient", BOXES: "box_gradient"}


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
