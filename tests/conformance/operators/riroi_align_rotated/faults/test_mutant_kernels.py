"""The golden cases notice when a kernel of rotation-invariant RoIAlign is broken; that they conform as they are, `test_judged.py` sees.

Geometry, pooling, gathering and tiles of points are broken in the tests of rotated RoIAlign, whose kernels are made of the same texts.
"""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "riroi_align_rotated" and c.kind in ("value", "invalid")
]
BY_OPERATION = {
    operation: [case for case in SMALL if case.operation == operation]
    for operation in ("forward", "feature_gradient", "box_gradient")
}


# A source, a piece of it, what of that is replaced, and by what.
OUTPUT, AVERAGE, TILES, BOXES = (
    f"riroi_align_rotated/{name}.cu" for name in ("forward", "feature_gradient_average", "tiles", "box_gradient")
)
MUTANTS = {
    "orientations to the turn": (OUTPUT, "constant(0.15915494309189535)", "0.15915494309189535", "0.3183098861837907"),
    "quarters passed": (OUTPUT, "(int64)quarters_past_turns(quarters.count) * orientations;", " * orientations", ""),
    "rest of quarters": (OUTPUT, "mul((acc_t)(int)(passed % 4), (acc_t)0.25f)", "0.25f", "0"),
    "rest of the angle": (OUTPUT, "mul(quarters.rest, per_radian))", "quarters.rest", "(acc_t)0"),
    "whole orientations": (OUTPUT, "(passed / 4 + (int64)down) % orientations;", " + (int64)down", ""),
    "negative ones": (OUTPUT, "whole < 0 ? whole + orientations : whole", "whole + orientations", "0"),
    "low weight": (OUTPUT, "mixture.low = add((acc_t)1, -mixture.high);", "-mixture.high", "mixture.high"),
    "high weight": (OUTPUT, "mixture.high = add(part, -down);", ", -down", ", (acc_t)0"),
    "angle of a box": (OUTPUT, "mixture_of(box[5], params.orientations);", "box[5]", "-box[5]"),
    "within a feature": (OUTPUT, "return channel - orientation + other;", "channel - orientation", "channel"),
    "before the first": (OUTPUT, "if (other < 0) other += orientations;", "other += orientations", "other = 0"),
    "after the last": (AVERAGE, "if (other >= orientations) other -= orientations;", "other -= orientations", "other = 0"),
    "channels that are read": (OUTPUT, "channel_after(channel + v, turned, orientations)", "channel + v", "channel"),
    "way orientations turn": (OUTPUT, "n - mixture.whole, params.orientations, steps.channel);", "n - mixture", "n + mixture"),
    "the second orientation": (OUTPUT, "n - mixture.whole, params.orientations, steps.channel);", "n - mixture", "-mixture"),
    "weights of both": (OUTPUT, "n ? mixture.high : mixture.low;", "mixture.high : mixture.low", "mixture.low : mixture.high"),
    "corner of a sample": (OUTPUT, "channels.load(row + right)", "row + right", "row + left"),
    "least size": (TILES, "if (side.held) size = (acc_t)1;", "(acc_t)1", "size"),
    "channels that get": (AVERAGE, "mixture.whole - n, orientations);", "mixture.whole - n", "mixture.whole + n"),
    "the other way": (AVERAGE, "mixture.whole - n, orientations);", "mixture.whole - n", "-n - mixture.whole"),
    "low part": (AVERAGE, "multiply_add<N>(mixture.low, at<N>(channel, 0), sum);", "mixture.low", "(acc_t)1"),
    "high part": (AVERAGE, "multiply_add<N>(mixture.high, at<N>(channel, 1), sum);", "mixture.high", "mixture.low"),
    "channels of a vector": (AVERAGE, "mixed<N>(channel + c);", "channel + c", "channel"),
    "bins of a RoI": (AVERAGE, "grad + bin * bin_step, step,", "bin * bin_step", "0"),
    "parts of a box": (BOXES, "returned.mixed<N>(channel);", "mixed<N>(channel)", "at<N>(channel, 0)"),
    "angle and parts": (BOXES, "if (mixes) sums.by[4]", "mixes", "false"),
    "sign of parts": (BOXES, "returned.at<N>(channel, 1) - returned.at<N>(channel, 0)", "channel, 1", "channel, 0"),
    "parts that turn clockwise": (BOXES, "? -0.15915494309189535 :", "-0", "0"),
    "orientations of parts": (BOXES, "turns = mul((acc_t)params.orientations,", "params.orientations", "1"),
    "value of a sample": (BOXES, "y.weight_low * x.weight_low * read_channels", "y.weight_low * x.weight_low", "y.weight_low"),
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
                    BY_OPERATION[_OPERATION[source]], ("roikit", "roikit-clockwise"), ("float32",)
                )
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
