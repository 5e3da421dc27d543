"""The golden cases notice when one of weighted RoIAlign's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

SMALL = [
    c for c in up_to("small", golden_cases()) if c.operator == "weighted_roi_align" and c.kind in ("value", "invalid")
]
OF = {operation: [c for c in SMALL if c.operation == operation] for operation in {c.operation for c in SMALL}}
MAIN = ("torchvision", "torchvision-aligned")

# A source, a piece of it, what of that is replaced, and by what; and the operation whose cases are to notice it.
OUTPUT, PIXELS, ROIS, MEAN = (f"weighted_roi_align/{name}.cu" for name in ("forward", "pixels", "rois", "mean"))
MEANS_BACK, MEANS_BOXES = (f"weighted_roi_align/{name}.cu" for name in ("feature_gradient_mean", "mean_box_gradient"))
FOR_MAPS, FOR_BOXES, FOR_WEIGHTS = "feature_gradient", "box_gradient", "weight_gradient"
MUTANTS = {
    "weights of the first image": ("forward", OUTPUT, "(params.of_rois ? k : roi.image) * params.weight_channels * pixels;", ": roi.image", ": 0"),
    "weights of images for RoIs": ("forward", OUTPUT, "(params.of_rois ? k : roi.image)", "? k", "? roi.image"),
    "RoIs on other maps": (FOR_WEIGHTS, ROIS, "maps[image * params.numbers + i % params.numbers]", "image * ", "0 * "),
    "RoIs of one weight": (FOR_MAPS, ROIS, "k * params.numbers + i : k * params.pixels + pixel", ": k *", ": 0 *"),
    "RoIs sent to one image": (FOR_MAPS, ROIS, "gradient[images[k] * params.numbers + i];", "images[k]", "0"),
    "RoIs of which the last is left": (FOR_MAPS, ROIS, "multiply_add(weight, sent[k * params.numbers + i], sum);", ", sum", ", (acc_t)0"),
    "one channel of weights": ("forward", OUTPUT, "mine.each = params.weight_channels != 1;", "params.weight_channels != 1", "0"),
    "weight of another column": ("forward", OUTPUT, "widen(roi.weights[(int64)row * roi.width + column]);", "+ column", "+ row"),
    "sum of weights without its lines": ("forward", OUTPUT, "multiply_add(taps.outer[a].weight, line, sum);", "taps.outer[a].weight", "(acc_t)1"),
    "sums not over weights": ("forward", OUTPUT, "if (roi.wanted == (int)Wanted::output) return sum / divisor;", "/ divisor", "/ roi.divisor"),
    "nothing divided": ("forward", OUTPUT, "guard == (int)Guard::zero && divisor == (acc_t)0;", "&& divisor", "&& (acc_t)1 + divisor"),
    "epsilon not by samples": ("forward", OUTPUT, "mine.epsilon = (acc_t)params.epsilon * mine.divisor;", "* mine.divisor", "* (acc_t)1"),
    "the greater as the less": ("forward", OUTPUT, "return total < epsilon ? epsilon : total;", "total < epsilon", "total > epsilon"),
    "share of the sum of samples": (FOR_MAPS, OUTPUT, "grad / (divisor / roi.divisor)", "divisor / roi.divisor", "divisor"),
    "maps by no weight": (FOR_MAPS, PIXELS, "numbers[n] *= sent[row.begin + i + n];", "*=", "="),
    "held, though it moves": (FOR_WEIGHTS, OUTPUT, "const bool is_held = !roi.normalise ||", "!roi.normalise ||", "true ||"),
    "never held": (FOR_WEIGHTS, OUTPUT, "(roi.guard == (int)Guard::clamp && total < roi.epsilon);", "total < roi.epsilon", "false"),
    "first channel": (FOR_WEIGHTS, PIXELS, "params.pixels, params.channels, index};", "params.channels, index", "1, index"),
    "weights of the next pixel": (FOR_WEIGHTS, PIXELS, "taken ? sum - taken[of.taken] : sum", "sum - taken[of.taken]", "sum + taken[of.taken]"),
    "a maximum of pixels as they are": ("forward", OUTPUT, "return widen(roi.weights[(int64)row * roi.width + column]) * pixel;", "widen(roi.weights[(int64)row * roi.width + column]) * ", ""),
    "a maximum, each channel by the first one's weight": ("forward", OUTPUT, "bytes_after(from, beside(roi)), steps) * pixel;", "bytes_after(from, beside(roi))", "roi.weights"),
    "a maximum without one corner": ("forward", OUTPUT, "best = with_sample<N>(best, y[a], x[b], c00, c01, c10, c11);", "c11", "c10"),
    "samples outside forgotten": ("forward", OUTPUT, "mine.taken_y = roi.y.taken;", "roi.y.taken", "0"),
    "a power mean without its root": ("forward", MEAN, "two_to(log2_of(mean) / p) : mean;", "two_to(log2_of(mean) / p)", "mean"),
    "a power mean of samples inside": ("forward", MEAN, "return Bin{y, x, p, q, roi.samples - inside};", "roi.samples - inside", "(acc_t)0"),
    "a power mean over another number": ("forward", MEAN, "const acc_t mean = sums[v] / roi.samples;", "roi.samples", "(roi.samples + (acc_t)1)"),
    "a softmax of the least": ("forward", MEAN, "beta < (acc_t)0 ? -values[v] : values[v]);", "beta < (acc_t)0", "beta > (acc_t)0"),
    "a softmax by other weights": ("forward", MEAN, "return two_to(beta * half_beyond(value, greatest) * number(2.8853900817779268));", "2.885", "2.0"),
    "means sent without signs": (FOR_MAPS, MEANS_BACK, "value < (acc_t)0 ? -power : power;", "-power", "power"),
    "means sent by other powers": (FOR_WEIGHTS, MEANS_BACK, "parameter - (acc_t)1);", "- (acc_t)1", "- (acc_t)0.5f"),
    "means sent by shares alone": (FOR_BOXES, MEANS_BOXES, "multiply_add((acc_t)2, parameter", "multiply_add((acc_t)2", "multiply_add((acc_t)0"),
    "means of three times as many RoIs": (FOR_MAPS, MEANS_BACK, "return params.rois / ARRAYS_OF_BINS *", "/ ARRAYS_OF_BINS", "/ 2"),
    "a logarithm without its whole part": ("forward", MEAN, "multiply_add(share, sum, (acc_t)exponent);", "(acc_t)exponent", "(acc_t)0"),
    "boxes: products": (FOR_BOXES, PIXELS, "= factors[n] * numbers[n];", "numbers[n]", "numbers[0]"),
    "boxes: nothing taken away": (FOR_BOXES, PIXELS, "from[row.begin + i] - taken[row.begin + i];", "- taken", "+ taken"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    operation, *change = MUTANTS[fault]
    with mutant(*change):
        red = next(  # the first is enough
            (
                what
                for dialect in MAIN
                for what, judgement in judgements(OF[operation], (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
