"""The golden cases notice when a kernel of deformable RoI pooling is broken; that they conform as they are, `test_judged.py` sees.

Pooling, gathering and tiles of points are broken in the tests of rotated RoIAlign, whose kernels are made of the same texts.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "deform_roi_pool" and c.kind in ("value", "invalid")
]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "offset_gradient", "box_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, TILES, MOTIONS, GRADIENTS, ROWS = (
    f"deform_roi_pool/{name}.cu" for name in ("forward", "tiles", "motions", "gradients", "rows")
)
MUTANTS = {
    "half a pixel": (OUTPUT, "side.start = add(mul(first, scale), (acc_t)-0.5f);", "(acc_t)-0.5f", "(acc_t)0"),
    "size": (OUTPUT, "side.size = add(add(mul(second, scale), (acc_t)-0.5f), -side.start);", ", -side.start", ", (acc_t)0"),
    "adaptive grid": (OUTPUT, ": ceil_of(side.bin);", "ceil_of", "floor_of"),
    "gamma": (OUTPUT, "side.reach = mul(gamma, side.size);", "gamma", "(acc_t)1"),
    "reach of a bin": (OUTPUT, "side.reach = mul(gamma, side.size);", "side.size", "side.bin"),
    "scale of x": (OUTPUT, "(acc_t)params.scales_x[0], params.bins_x", "scales_x", "scales_y"),
    "offsets along y": (OUTPUT, "BOX_NUMBERS + (int64)params.bins_y * params.bins_x : nullptr", " + (int64)params.bins_y * params.bins_x", ""),
    "offsets are there": (OUTPUT, "params.row_numbers > BOX_NUMBERS;", ">", "<"),
    "offset of a bin": (OUTPUT, "mul(side.reach, side.offsets[bin])", "[bin]", "[0]"),
    "number of a bin": (OUTPUT, "return (int64)p * points.x.bins + q;", "points.x.bins", "points.y.bins"),
    "half a sample": (OUTPUT, "mul(add((acc_t)i, (acc_t)0.5f), side.bin) / side.grid", "(acc_t)0.5f", "(acc_t)0"),
    "divisor": (OUTPUT, "mul(points.y.grid, points.x.grid);", "points.x.grid", "points.y.grid"),
    "many samples": (OUTPUT, "if (n ? at > end : at >= begin) {", "at >= begin", "at > end"),
    "first bin of a reach": (TILES, "include(area, point_at(points, p, q, 0, 0));", "p, q, 0, 0", "0, 0, 0, 0"),
    "last sample of a reach": (TILES, "points.y.taken - 1, points.x.taken - 1", "points.y.taken - 1, points.x.taken - 1", "0, 0"),
    "slope in the bands": (MOTIONS, "(at >= (acc_t)0 && at < (acc_t)(size - 1));", "at >= (acc_t)0", "at >= (acc_t)-1"),
    "raw weights": (MOTIONS, "raw.weight_high = add(at, -(acc_t)sample.low);", "sample.low", "sample.high"),
    "which slope": (MOTIONS, "if (SLOPE == Slope::derivative) return sample;", "Slope::derivative", "Slope::raw"),
    "slope along y": (MOTIONS, "multiply_add<N>(over_x.weight_high, c11 - c01", "c11 - c01", "c11 - c10"),
    "slope along x": (MOTIONS, "over_y.weight_low * (c01 - c00)", "c01 - c00", "c10 - c00"),
    "part of a side": (MOTIONS, "+ (acc_t)0.5f) / side.grid) / (acc_t)side.bins;", " / (acc_t)side.bins", ""),
    "divided sums": (MOTIONS, "sum / samples_of(roi.points);", "sum / samples_of(roi.points)", "sum"),
    "gradient along x": (GRADIENTS, "narrow(roi.points.x.reach * motions[SUMS * i + 1], mine[0]);", "i + 1", "i"),
    "gradient along y": (GRADIENTS, "narrow(roi.points.y.reach * motions[SUMS * i], mine[bins]);", "y.reach", "x.reach"),
    "first corner": (GRADIENTS, "return Pull{slope - second, second};", "slope - second", "slope"),
    "offsets that grow": (GRADIENTS, "(is_finite(moved) ? moved : (acc_t)0) * slope;", "? moved", "? -moved"),
    "scale of the gradient": (GRADIENTS, "(n % 2 ? params.scales_y[0] : params.scales_x[0])", "params.scales_x[0]", "params.scales_y[0]"),
    "boxes in rows": (ROWS, "place < 0 ? boxes[k * params.box_numbers + n]", "k * params.box_numbers", "0"),
    "offsets in rows": (ROWS, "widen(offset[k * params.offsets + place])", "k * params.offsets", "0"),
}  # fmt: skip
_OPERATIONS = {
    OUTPUT: ("forward",),
    TILES: ("feature_gradient",),
    MOTIONS: ("offset_gradient", "box_gradient"),
    GRADIENTS: ("offset_gradient", "box_gradient"),
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
                for what, judgement in judgements(BY_OPERATION[operation], ("roikit", "mmcv"), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
