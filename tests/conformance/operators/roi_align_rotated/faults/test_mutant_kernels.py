"""The golden cases notice when a kernel of rotated RoIAlign is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "roi_align_rotated" and c.kind in ("value", "invalid")
]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, TILES, BOXES = (
    "roi_align_rotated/forward.cu",
    "roi_align_rotated/feature_gradient_average.cu",
    "roi_align_rotated/tiles.cu",
    "roi_align_rotated/box_gradient.cu",
)
MUTANTS = {
    "offset of the centre": (OUTPUT, "points.y = add(mul(box[2], scale), shift);", "shift", "(acc_t)0"),
    "x and y of the centre": (OUTPUT, "points.x = add(mul(box[1], scale), shift);", "box[1]", "box[2]"),
    "width and height": (OUTPUT, "points.u = side_of(mul(box[3], scale), params.bins_x", "box[3]", "box[4]"),
    "scale of the size": (OUTPUT, "points.v = side_of(mul(box[4], scale), params.bins_y", "mul(box[4], scale)", "box[4]"),
    "least size": (OUTPUT, "if (side.held) size = (acc_t)1;", "(acc_t)1", "size"),
    "adaptive grid": (OUTPUT, ": ceil_of(side.bin);", "ceil_of", "floor_of"),
    "way the box turns": (OUTPUT, "TURN == Turn::clockwise ? Turned{turned.cos, -turned.sin}", "-turned.sin", "turned.sin"),
    "unit of the angle": (OUTPUT, "UNIT == Unit::degrees ? turned_by_degrees(angle)", "UNIT == Unit::degrees", "false"),
    "quarters modulo four": (OUTPUT, "mul((acc_t)4, floor_of(mul(quarters, (acc_t)0.25f)))", "(acc_t)4, floor", "(acc_t)2, floor"),
    "second quarter": (OUTPUT, "case 2: return Turned{-cos, -sin};", "-sin", "sin"),
    "nearest numbers": (OUTPUT, "== angle) return Quarters{quarters, (acc_t)0};", "== angle", "!= angle"),
    "degrees to radians": (OUTPUT, "constant(0.01745329238474369)", "0.0174532", "0.0174632"),
    "half a sample": (OUTPUT, "mul(add((acc_t)i, (acc_t)0.5f), side.bin) / side.grid", "(acc_t)0.5f", "(acc_t)0"),
    "from the centre": (OUTPUT, "const acc_t start = add(-side.half, mul((acc_t)p, side.bin));", "-side.half", "side.half"),
    "turning of y": (OUTPUT, "add(mul(v, cos), -mul(u, sin))", "-mul(u, sin)", "mul(u, sin)"),
    "turning of x": (OUTPUT, "add(mul(v, sin), mul(u, cos))", "mul(v, sin)", "-mul(v, sin)"),
    "divisor": (OUTPUT, "mul(points.v.grid, points.u.grid);", "points.u.grid", "points.v.grid"),
    "low bound": (OUTPUT, "return at.y >= (acc_t)-1 &&", "at.y >= (acc_t)-1", "at.y >= (acc_t)0"),
    "high bound": (OUTPUT, "at.x <= (acc_t)width;", "<=", "<"),
    "low weight": (OUTPUT, "sum = multiply_add<N>(y.weight_low * x.weight_high,", "x.weight_high", "x.weight_low"),
    "many samples, from": (OUTPUT, "if (n ? at > end : at >= begin) {", "at >= begin", "at > end"),
    "first image only": (OUTPUT, "roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "pixels below a tile": (AVERAGE, "if (y < tile.y_begin || y >= tile.y_end", "y >= tile.y_end", "y >= tile.y_end - 1"),
    "weights that add up": (AVERAGE, "+ x - tile.x_begin] += weight;", "+=", "="),
    "samples around a tile": (AVERAGE, "(acc_t)(tile.y_end + 1)", "tile.y_end + 1", "tile.y_begin"),
    "divided weights": (AVERAGE, "* held.pixels + pixel] / samples;", " / samples", ""),
    "bins after the first ones": (AVERAGE, "read_bin<VECTOR>(arriving, first + b, 0,", "first + b", "b"),
    "channels of what arrives": (AVERAGE, "write_vector<N>(arriving.load<N>(bin, c), to + c);", "(bin, c)", "(bin, 0)"),
    "pixels that are brought together": (OUTPUT, "bring_together<N>(it.map + channel * plane,", "channel * plane", "0"),
    "sums of a tile": (AVERAGE, "held.sums[n] = (acc_t)0;", "(acc_t)0", "(acc_t)1"),
    "lowest bin": (AVERAGE, "for (unsigned left = held.on[pixel];", "held.on[pixel]", "held.on[pixel] & ~1u"),
    "extent of a RoI": (TILES, "if (!(end >= (acc_t)-1 && begin <= (acc_t)size)) return Span{0, 0};", "(acc_t)-1", "(acc_t)1"),
    "corners of a RoI": (TILES, "const bool last_y = corner / 2, last_x = corner % 2;", "corner / 2", "false"),
    "slope in the bands": (BOXES, "if (!(point.y >= (acc_t)0 &&", "(acc_t)0", "(acc_t)-1"),
    "held sizes": (BOXES, "if (side.held) return (acc_t)0;", "side.held", "false"),
    "share of the size": (BOXES, "/ (acc_t)bins - (acc_t)0.5f;", " - (acc_t)0.5f", ""),
    "width": (BOXES, "multiply_add<N>(-by_w * sin, down,", "-by_w", "by_w"),
    "height": (BOXES, "multiply_add<N>(by_h * cos, down,", "by_h * cos", "by_h * sin"),
    "angle": (BOXES, "multiply_add<N>(-(v * sin + u * cos), down,", "+ u * cos", "- u * cos"),
    "unit of the gradient": (BOXES, "UNIT == Unit::degrees ? constant(0.017453292519943295)", "constant(0.017453292519943295)", "(acc_t)1"),
    "sign of the gradient": (BOXES, "TURN == Turn::clockwise ? -turn : turn", "-turn", "turn"),
    "scale of the gradient": (BOXES, "return mean * (acc_t)params.scales_y[0];", " * (acc_t)params.scales_y[0]", ""),
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
                for what, judgement in judgements(
                    BY_OPERATION[_OPERATION[source]], ("roikit", "roikit-clockwise", "mxnet"), ("float32",)
                )
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
