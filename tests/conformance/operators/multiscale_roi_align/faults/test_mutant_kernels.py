"""The golden cases notice when one of the pooler's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c
    for c in up_to("small", golden_cases())
    if c.operator == "multiscale_roi_align" and c.kind in ("value", "invalid") and "image_size" not in c.arguments
]
OF = {operation: [c for c in SMALL if c.operation == operation] for operation in {c.operation for c in SMALL}}

# A source, a piece of it, what of that is replaced, and by what.
ROI = "roi_align/forward.cu"  # with what it includes
MUTANTS = {
    "limits not reached": (ROI, "size >= (acc_t)params.level_limits[l] ? 1 : 0;", ">=", ">"),
    "last limit forgotten": (ROI, "ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) level +=", "l < LEVELS", "l < 3"),  # a CPU's kernel is for 8
    "nothing added to the width": (ROI, "add(add(box[3], -box[1]), (acc_t)params.size_offset);", "(acc_t)params.size_offset", "(acc_t)0"),
    "height of the width": (ROI, "add(add(box[4], -box[2]),", "box[4], -box[2]", "box[3], -box[1]"),
    "canonical size": (ROI, "/ (acc_t)params.canonical_size;", "(acc_t)params.canonical_size", "(acc_t)224"),
    "no size is the first level": (ROI, "if (!(size >= (acc_t)0) && params.level_limits[0] >= 0) return -1;", "return -1", "return 0"),
    "no size is never the first level": (ROI, "if (!(size >= (acc_t)0) && params.level_limits[0] >= 0) return -1;", " && params.level_limits[0] >= 0", ""),
    "scale of the first level": (ROI, "(acc_t)params.scales_y[level], params.bins_y,", "[level]", "[0]"),
    "rows of the first level": (ROI, "params.bins_y, params.heights[level], params, true,", "[level]", "[0]"),
    "columns of the first level": (ROI, "params.bins_x, params.widths[level], params, false,", "[level]", "[0]"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    with mutant(*MUTANTS[fault]):
        red = next(  # the first is enough
            (
                what
                for dialect in ("torchvision", "maskrcnn-benchmark", "roikit-axlearn")
                for what, judgement in judgements(OF["forward"], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
