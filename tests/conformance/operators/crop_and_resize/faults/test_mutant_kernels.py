"""The golden cases notice when one of crop_and_resize's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "crop_and_resize" and c.kind in ("value", "invalid")
]
OF = {operation: [case for case in SMALL if case.operation == operation] for operation in ("forward", "feature_gradient", "box_gradient")}  # fmt: skip
DISTINCT = ("roikit", "tensorflow", "onnxruntime")

# A source, a line of it, what of that is replaced, and by what.
OUTPUT, IMAGES, BOXES, TILES = (
    "crop_and_resize/forward.cu",
    "crop_and_resize/feature_gradient_average.cu",
    "crop_and_resize/box_gradient.cu",
    "crop_and_resize/tiles.cu",
)
OPERATIONS = {OUTPUT: "forward", IMAGES: "feature_gradient", BOXES: "box_gradient", TILES: "feature_gradient"}
MUTANTS = {
    "H for H - 1": (OUTPUT, "const acc_t reach = (acc_t)(size - 1);", "size - 1", "size"),
    "a step more": (OUTPUT, "/ (acc_t)(points - 1) : (acc_t)0;", "points - 1", "points"),
    "only point": (OUTPUT, "mul(mul((acc_t)0.5f, add(low, high)), reach);", "add(low, high)", "add(low, low)"),
    "last point": (OUTPUT, "if (axis.last_at_corner && i == axis.points - 1) return axis.last;", "axis.points - 1", "axis.points"),
    "last point of all": (OUTPUT, "axis.last_at_corner = params.last_at_corner && points > 1;", "points > 1", "true"),
    "last pixel outside": (OUTPUT, "at >= (acc_t)0 && at <= (acc_t)(size - 1); }", "at <=", "at <"),
    "first pixel outside": (OUTPUT, "at >= (acc_t)0 && at <= (acc_t)(size - 1); }", "at >=", "at >"),
    "half a pixel outside": (OUTPUT, "at >= (acc_t)0 && at <= (acc_t)(size - 1); }", "at >= (acc_t)0", "at >= (acc_t)-0.5f"),
    "nearest below": (OUTPUT, "const int pixel = within(round_of(at), axis.size);", "round_of", "floor_of"),
    "never nearest": (OUTPUT, "if (!axis.nearest) return taps_between(at, axis.size);", "!axis.nearest", "true"),
    "next pixel": (OUTPUT, "within(ceil_of(at), size), add(at, -low)};", "ceil_of(at)", "low"),
    "along x only": (OUTPUT, "if (y.fraction == (acc_t)0) return above;", "y.fraction == (acc_t)0", "true"),
    "along y only": (OUTPUT, "if (x.fraction == (acc_t)0) return left;", "x.fraction == (acc_t)0", "true"),
    "extrapolation value": (OUTPUT, "mine.outside = (acc_t)params.extrapolation_value;", "params.extrapolation_value", "0"),
    "inside along x": (OUTPUT, "if (y.low < 0 || x.low < 0) return filled<N>(roi.outside);", "||", "&&"),
    "row, along x only": (OUTPUT, "value = y.fraction == (acc_t)0 ? above : there;", "y.fraction == (acc_t)0", "true"),
    "row, along y only": (OUTPUT, "return x.fraction == (acc_t)0 ? left : there;", "x.fraction == (acc_t)0", "true"),
    "row, inside along x": (OUTPUT, "narrow(x.low < 0 ? roi.outside : value, to[q]);", "x.low < 0", "false"),
    "x and y exchanged": (OUTPUT, "box[2], box[4], (acc_t)params.scales_y", "box[2], box[4]", "box[1], box[3]"),
    "first image only": (OUTPUT, "roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "weight of the first": (IMAGES, "const acc_t first = i == taps.low ? add((acc_t)1, -taps.fraction) : (acc_t)0;", "add((acc_t)1, -taps.fraction)", "(acc_t)1"),
    "weight of the second": (IMAGES, "i == taps.high && taps.high > taps.low ? taps.fraction : first;", "taps.high > taps.low", "true"),
    "sent from outside": (TILES, "return taps.low < 0 ? Span{0, 0} : Span{taps.low, taps.high + 1};", "taps.high + 1", "taps.high"),
    "only point moves whole": (BOXES, "(points > 1 ? (acc_t)(points - 1) : (acc_t)2);", "(acc_t)2", "(acc_t)1"),
    "corners exchanged": (BOXES, "first = axis.points > 1 ? (acc_t)(axis.points - 1 - i) : (acc_t)1;", "axis.points - 1 - i", "i"),
    "slope from the right": (BOXES, "params.slope_from_right && low == high", "params.slope_from_right", "!params.slope_from_right"),
    "slope of nearest": (BOXES, "if (axis.nearest && !params.slope_of_nearest) high = low;", "!params.slope_of_nearest", "params.slope_of_nearest"),
    "points outside": (BOXES, "counts(y.around.low >= 0 && x.around.low >= 0)", "x.around.low >= 0", "true"),
    "along and down": (BOXES, "const bool along_y = n % 2 == 0;", "n % 2 == 0", "n % 2"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    cases = OF[OPERATIONS[MUTANTS[fault][0]]]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for dialect in DISTINCT
                for what, judgement in judgements(cases, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
