"""The golden cases notice when what weighted RoIAlign's kernels have for pyramids is broken; what is of one map its own tests break.

Nothing is broken so that it writes beyond an array, which belongs to the process of these tests.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

NAME = "multiscale_weighted_roi_align"
SMALL = [c for c in up_to("small", golden_cases()) if c.operator == NAME and c.kind in ("value", "invalid")]
FOR_MAPS, FOR_BOXES, FOR_WEIGHTS = "feature_gradient", "box_gradient", "weight_gradient"
OF = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", FOR_MAPS, FOR_BOXES, FOR_WEIGHTS)
}

# A source, a piece of it, what of that is replaced, and by what; and the operation whose cases are to notice it.
OUTPUT, MEAN, TILES, OWN, BOXES = (
    f"weighted_roi_align/{name}.cu" for name in ("forward", "mean", "tiles", "own_maps", "box_gradient")
)
LEVEL = "(const feature_t*)params.weights[roi.level] + (params.of_rois"
MUTANTS = {
    "limits not reached": ("forward", OUTPUT, "size >= (acc_t)params.level_limits[l] ? 1 : 0;", ">=", ">"),
    "last limit forgotten": ("forward", OUTPUT, "ROIKIT_ROLLED for (int l = 1; l < LEVELS; ++l) level +=", "l < LEVELS", "l < 3"),
    "canonical size": ("forward", OUTPUT, "/ (acc_t)params.canonical_size;", "(acc_t)params.canonical_size", "(acc_t)224"),
    "no size is the first level": ("forward", OUTPUT, "params.level_limits[0] >= 0) return -1;", "return -1", "return 0"),
    "the first map": ("forward", OUTPUT, "(const feature_t*)params.maps[roi.level] + roi.image", "[roi.level]", "[0]"),
    "the first weights": ("forward", OUTPUT, LEVEL, "[roi.level]", "[0]"),
    "the first weights of means": ("forward", MEAN, LEVEL, "[roi.level]", "[0]"),
    "of no level all is divided": ("forward", OUTPUT, "level_of(box, params) < 0 ? (int)Wanted::nothing", "< 0", "< -1"),
    "scale of the first map": ("forward", OUTPUT, "(acc_t)params.scales_y[level],", "[level]", "[0]"),
    "rows of what is touched": (FOR_MAPS, TILES, "params.bins_y, params.heights[level], params,", "[level]", "[LEVELS - 1]"),
    "RoIs have weights on every level": (FOR_WEIGHTS, OWN, "l == level ? (int64)index : -1;", "l == level", "l == 0"),
    "RoIs have maps on the next level": (FOR_MAPS, OWN, "l == level ? (int64)index : -1;", "l == level", "l == 1"),
    "boxes: the first map": (FOR_BOXES, BOXES, "place.map = (const feature_t*)params.maps[roi.level]", "[roi.level]", "[0]"),
    "boxes: by the first scale": (FOR_BOXES, BOXES, "(acc_t)(along_x ? params.scales_x[roi.level]", "[roi.level]", "[0]"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    operation, *change = MUTANTS[fault]
    with mutant(*change):
        red = next(  # the first is enough
            (
                what
                for dialect in ("torchvision", "mmdetection", "roikit-onnx-16")
                for what, judgement in judgements(OF[operation], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
