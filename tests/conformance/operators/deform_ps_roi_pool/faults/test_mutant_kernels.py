"""The golden cases notice when a kernel of deformable PSRoIPool is broken; that they conform as they are, `test_judged.py` sees.

What a sample reads, and how tiles are gone through, is broken in the tests of rotated RoIAlign, whose kernels are made of the same texts.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "deform_ps_roi_pool" and c.kind in ("value", "invalid")
]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "offset_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, TILES, SENT, MOTIONS, GRADIENT, ROWS = (
    f"deform_ps_roi_pool/{name}.cu"
    for name in ("forward", "tiles", "feature_gradient_average", "motions", "offset_gradient", "rows")
)
MUTANTS = {
    "half a pixel": (OUTPUT, "add(mul(pixel, scale), (acc_t)-0.5f)", "(acc_t)-0.5f", "(acc_t)0"),
    "rounded corner": (OUTPUT, "corner_of(round_of(first), scale)", "round_of(first)", "first"),
    "how corners are rounded": (OUTPUT, "corner_of(round_of(first), scale)", "round_of", "floor_of"),
    "the last pixel": (OUTPUT, "add(round_of(second), (acc_t)1)", "(acc_t)1", "(acc_t)0"),
    "least size": (OUTPUT, "side.size = size > least ? size : least;", ": least", ": size"),
    "how small": (OUTPUT, "least = (acc_t)1 / (acc_t)10;", "(acc_t)10", "(acc_t)2"),
    "samples of a bin": (OUTPUT, "side.step = side.bin / (acc_t)samples;", "/ (acc_t)samples", "/ (acc_t)bins"),
    "gamma": (OUTPUT, "side.reach = mul(gamma, side.size);", "gamma", "(acc_t)1"),
    "reach of a bin": (OUTPUT, "side.reach = mul(gamma, side.size);", "side.size", "side.bin"),
    "scale of x": (OUTPUT, "(acc_t)params.scales_x[0], params.bins_x", "scales_x", "scales_y"),
    "offsets are there": (OUTPUT, "params.row_numbers > BOX_NUMBERS ?", ">", "<"),
    "offsets of a class": (OUTPUT, "points.offsets + 2 * number * parts_of(points)", "2 * number", "number"),
    "part of a bin": (OUTPUT, "return (int)((int64)p * side.parts / side.bins);", "p * side.parts / side.bins", "p % side.parts"),
    "rounded part": (OUTPUT, "mul((acc_t)p / (acc_t)side.bins, (acc_t)side.parts)", "/ (acc_t)side.bins, (acc_t)side.parts", "* (acc_t)side.parts / (acc_t)side.bins, (acc_t)1"),
    "row of a part": (OUTPUT, "part_with(points.y, p) * points.x.parts", "points.x.parts", "points.y.parts"),
    "offsets along y": (OUTPUT, "mul(points.y.reach, mine[parts_of(points)])", "parts_of(points)", "0"),
    "low bound": (OUTPUT, "return Area{(acc_t)-0.5f, add((acc_t)height", "{(acc_t)-0.5f", "{(acc_t)-1"),
    "high bound": (OUTPUT, "(acc_t)-0.5f, add((acc_t)width, (acc_t)-0.5f)};", "add((acc_t)width, (acc_t)-0.5f)", "(acc_t)width"),
    "bounds are inside": (OUTPUT, "at.y >= map.y_begin && at.y", ">=", ">"),
    "count": (OUTPUT, "return sum / (acc_t)(count ? count : 1);", "count ? count : 1", "params.sampling_y * params.sampling_x"),
    "many samples": (OUTPUT, "if (n ? at > end : at >= begin) {", "at >= begin", "at > end"),
    "group of a row": (OUTPUT, "(int64)p * params.groups_y / params.bins_y * params.groups_x", "params.groups_x", "params.groups_y"),
    "group of a column": (OUTPUT, "(int64)q * params.groups_x / params.bins_x;", "q * params.groups_x / params.bins_x", "q % params.groups_x"),
    "class of a channel": (OUTPUT, "channel * params.classes / channels;", "channel * params.classes / channels", "channel % params.classes"),
    "channels apart": (OUTPUT, "steps.channel *= groups;", "*= groups", "*= 1"),
    "last of a vector": (OUTPUT, "class_of(channel + N - 1, params.channels, params) == number", "channel + N - 1", "channel"),
    "neighbours": (OUTPUT, "LAYOUT == Layout::NCHW || steps.channel == 1", "steps.channel == 1", "true"),
    "first class of a reach": (TILES, "const Points mine = of_class(points, n);", "n)", "0)"),
    "last sample of a reach": (TILES, "points.y.taken - 1, points.x.taken - 1", "points.y.taken - 1, points.x.taken - 1", "0, 0"),
    "shares": (SENT, "weights[i] = weights[i] / count;", "/ count", "/ (acc_t)1"),
    "counted columns": (SENT, "mul((acc_t)rows, (acc_t)columns)", "(acc_t)columns", "(acc_t)rows"),
    "channels of a class that are sent to": (SENT, "if (class_of(c, channels, params) != number) continue;", "!= number", "== -1"),
    "what arrives at a bin of a group": (SENT, "from.grad[bin * from.bin_step + c * from.step]", "bin *", "from.first *"),
    "last class of a work": (SENT, "class_of((work.channel + work.channels - 1) / groups", "work.channels - 1", "0"),
    "what arrives at a bin": (SENT, "(from.first + b) * from.bin_step", "from.first + b", "b"),
    "slope in the bands": (MOTIONS, "return at >= (acc_t)0 && at < (acc_t)(size - 1)", "at >= (acc_t)0", "at >= (acc_t)-1"),
    "slope at a pixel": (MOTIONS, "(KNOT == Knot::next || at != floor_of(at))", "Knot::next", "Knot::none"),
    "slope along y": (MOTIONS, "multiply_add<N>(x.weight_high, c11 - c01", "c11 - c01", "c11 - c10"),
    "slope along x": (MOTIONS, "y.weight_low * (c01 - c00)", "c01 - c00", "c10 - c00"),
    "divided sums": (MOTIONS, "sum / samples_inside(points", "sum /", "sum + (acc_t)0 *"),
    "channels of a class": (MOTIONS, "number * each, roi", "number * each", "0"),
    "bins of a row of parts": (GRADIENT, "if (part_with(points.y, p) != row) continue;", "points.y", "points.x"),
    "gradient along x": (GRADIENT, "roi.points.x.reach * sums.right, mine[0]", "sums.right", "sums.down"),
    "gradient along y": (GRADIENT, "roi.points.y.reach * sums.down, mine[parts]", "y.reach", "x.reach"),
    "boxes in rows": (ROWS, "place < 0 ? boxes[k * params.box_numbers + n]", "k * params.box_numbers", "0"),
    "offsets in rows": (ROWS, "widen(offset[k * params.offsets + place])", "k * params.offsets", "0"),
}  # fmt: skip
_OPERATIONS = {
    OUTPUT: ("forward",),
    TILES: ("feature_gradient",),
    SENT: ("feature_gradient",),
    MOTIONS: ("offset_gradient",),
    GRADIENT: ("offset_gradient",),
    ROWS: ("forward",),
}


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    source = MUTANTS[fault][0]
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for operation in _OPERATIONS[source]
                for what, judgement in judgements(BY_OPERATION[operation], ("roikit", "mxnet"), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
