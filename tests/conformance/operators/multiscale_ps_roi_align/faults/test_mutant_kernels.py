"""The golden cases notice when a kernel of PSRoIAlign on pyramids is broken; that they conform as they are, `test_judged.py` sees.

How bins are sampled is broken in the tests of PSRoIAlign, whose kernels are made of the same texts. Nothing is broken so that it writes
beyond an array, which belongs to the process of these tests.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

NAME = "multiscale_ps_roi_align"
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
    "width alone": (OUTPUT, "sqrt_of(mul(width, height))", "height", "width"),
    "nothing added to sides": (OUTPUT, "add(add(box[3], -box[1]), (acc_t)params.size_offset);", "params.size_offset", "0"),
    "no size is the first level": (OUTPUT, "params.level_limits[0] >= 0) return -1;", "return -1", "return 0"),
    "no size is no level": (OUTPUT, "&& params.level_limits[0] >= 0) return -1;", "&& params.level_limits[0] >= 0", ""),
    "of no level all is read": (OUTPUT, "if (found < 0) {  // of no level nothing is read", "found < 0", "false"),
    "of no level nothing over nothing": (OUTPUT, "roi.y.grid = roi.x.grid = (acc_t)1;", "(acc_t)1", "(acc_t)0"),
    "scale of the first map along y": (OUTPUT, "(acc_t)params.scales_y[level],", "[level]", "[0]"),
    "scale of the first map along x": (OUTPUT, "(acc_t)params.scales_x[level],", "[level]", "[0]"),
    "the first map": (OUTPUT, "(const feature_t*)params.maps[roi.level] + roi.image", "[roi.level]", "[0]"),
    "rows and columns of bins": (OUTPUT, "selected_by((int64)p * roi.bins_x + q,", "p * roi.bins_x + q", "q * roi.bins_y + p"),
    "bins first": (OUTPUT, "class_major ? Selected{bin, bins}", "Selected{bin, bins}", "Selected{bin * channels, 1}"),
    "divisor": (OUTPUT, "return sum / roi.divisor;", "roi.divisor", "(roi.divisor + 1)"),
    "rows of what is touched": (TILES, "params.bins_y, params.heights[level], params,", "[level]", "[LEVELS - 1]"),
    "columns of what is touched": (TILES, "params.bins_x, params.widths[level], params,", "[level]", "[LEVELS - 1]"),
    "what arrives, channels last": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "bin * channels + channel", "channel"),
    "what arrives, channels first": (AVERAGE, "Layout::NHWC ? bin * channels + channel : channel * bins + bin];", "channel * bins + bin", "channel"),
    "boxes: the first map": (BOXES, "place.map = (const feature_t*)params.maps[roi.level]", "[roi.level]", "[0]"),
    "boxes: one row alone": (BOXES, "place.row = last ? width * channels : width;", ": width", ": 0"),
    "boxes: by the first scale along x": (BOXES, "(acc_t)(along_x ? params.scales_x[roi.level]", "[roi.level]", "[0]"),
    "boxes: by the first scale along y": (BOXES, ": params.scales_y[roi.level]);", "[roi.level]", "[0]"),
    "boxes: next channel": (BOXES, "place.map_step = selected.step * apart;", "selected.step", "1"),
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
                for dialect in ("roikit", "torchvision", "gluoncv", "roikit-bin-major")
                for what, judgement in judgements(BY_OPERATION[_OPERATION[source]], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
