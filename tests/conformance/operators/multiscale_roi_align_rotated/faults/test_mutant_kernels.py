"""The golden cases notice when a pooler's kernel of rotated boxes is broken; that they conform as they are, `test_judged.py` sees.

Where samples lie, and what they weigh, is broken in the tests of rotated RoIAlign, whose kernels are made of the same texts. Nothing is
broken so that it writes beyond an array, which belongs to the process of these tests.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

NAME = "multiscale_roi_align_rotated"
SMALL = [c for c in up_to("small", golden_cases()) if c.operator == NAME and c.kind in ("value", "invalid")]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}

# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, TILES, BOXES = (
    f"{NAME}/{name}.cu" for name in ("forward", "feature_gradient_average", "tiles", "box_gradient")
)
MUTANTS = {
    "limits not reached": (OUTPUT, "size >= (acc_t)params.level_limits[l] ? 1 : 0;", ">=", ">"),
    "last limit forgotten": (OUTPUT, "ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) level +=", "l < LEVELS", "l < 3"),
    "canonical size": (OUTPUT, "/ (acc_t)params.canonical_size;", "(acc_t)params.canonical_size", "(acc_t)224"),
    "width alone": (OUTPUT, "sqrt_of(mul(box[3], box[4]))", "box[4]", "box[3]"),
    "no size is the first level": (OUTPUT, "params.level_limits[0] >= 0) return -1;", "return -1", "return 0"),
    "no size is no level": (OUTPUT, "&& params.level_limits[0] >= 0) return -1;", "&& params.level_limits[0] >= 0", ""),
    "of no level all is read": (OUTPUT, "if (found < 0) roi.points.v.taken = roi.points.u.taken = 0;", "found < 0", "false"),
    "scale of the first map": (OUTPUT, "own.scales_y[0] = params.scales_y[level];", "[level]", "[0]"),
    "rows of the first map": (OUTPUT, "own.heights[0] = params.heights[level];", "[level]", "[0]"),
    "columns of the first map": (OUTPUT, "own.widths[0] = params.widths[level];", "[level]", "[0]"),
    "the first map": (OUTPUT, "own.maps[0] = params.maps[level];", "[level]", "[0]"),
    "images of the first map": (OUTPUT, "own.maps[0] + roi.image * params.channels * pixels;", "pixels", "params.heights[0] * params.widths[0]"),
    "placed on the first map": (TILES, "place_turned(box, with_first(roi.level, params), roi.points);", "roi.level", "0"),
    "planes of the first map": (TILES, "(int)(roi.level * params.images + roi.image)", "roi.level", "0"),
    "rows of what is touched": (TILES, "reach.y_end, params.heights[roi.level]);", "[roi.level]", "[LEVELS - 1]"),
    "columns of what is touched": (TILES, "reach.x_end, params.widths[roi.level]);", "[roi.level]", "[LEVELS - 1]"),
    "boxes of the first map": (AVERAGE, "add_roi(k, read_roi(boxes + ROW_NUMBERS * k, params), work, held, grad, own);", "own", "params"),
    "bounds of the first map": (BOXES, "height(params.heights[roi.level])", "[roi.level]", "[0]"),
    "breadth of the first map": (BOXES, "width(params.widths[roi.level])", "[roi.level]", "[0]"),
    "gradient by the first scale": (BOXES, "finished_number(sum, n, roi.points, with_first(roi.level, params));", "roi.level", "0"),
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
                for dialect in ("roikit", "detectron2")
                for what, judgement in judgements(BY_OPERATION[_OPERATION[source]], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
