"""The golden cases notice when one of RoIAlign's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

# Sparse maps and calls that must be refused are run by a worker, in test_runner.py.
CASES = [
    c
    for c in up_to("small", golden_cases())
    if c.operator == "roi_align"
    and c.operation == "forward"
    and c.kind in ("value", "invalid")
    and c.memory != "sparse"
]

# One line of a source, and what to put in its place: the rule that it then breaks.
MUTANTS = {
    "half pixel": ("case Offset::half: return add(mul(x, scale), (acc_t)-0.5f);", "(acc_t)-0.5f", "(acc_t)-0.25f"),
    "shift before scale": ("case Offset::half: return add(mul(x, scale), (acc_t)-0.5f);", "add(mul(x, scale), (acc_t)-0.5f)", "mul(add(x, (acc_t)-0.5f), scale)"),
    "minimum size": ("MIN_SIZE == MinSize::one ? (acc_t)1 : (acc_t)0;", "(acc_t)1 :", "(acc_t)2 :"),
    "adaptive ceil": ("case Adaptive::ceil: return ceil_of(bin);", "ceil_of", "floor_of"),
    "adaptive count of bins instead of pixels": ("adaptive ? adaptive_grid(axis.bin)", "adaptive_grid(axis.bin)", "adaptive_grid(extent)"),
    "corner of the cell instead of its centre": ("add((acc_t)i, (acc_t)0.5f)", "(acc_t)0.5f", "(acc_t)0"),
    "low bound": ("first_rank(axis, p, (acc_t)-1, false)", "(acc_t)-1", "(acc_t)-0.5"),
    "low bound excluded": ("first_rank(axis, p, (acc_t)-1, false)", "false", "true"),
    "high bound": ("first_rank(axis, p, (acc_t)axis.size, true)", "axis.size", "(axis.size - 1)"),
    "high bound excluded": ("first_rank(axis, p, (acc_t)axis.size, true)", "true", "false"),
    "edge clamp": ("if (at <= (acc_t)0) at = (acc_t)0;", "at = (acc_t)0", "at = -at"),
    "one weight": ("sample.weight_low = add((acc_t)1, -sample.weight_high);", "(acc_t)1", "(acc_t)1.0625"),
    "weights exchanged": ("sample.weight_high = add(at, -(acc_t)sample.low);", "add(at, -(acc_t)sample.low)", "add((acc_t)1, -add(at, -(acc_t)sample.low))"),
    "divisor of visible samples only": ("mine.divisor = roi.y.grid * roi.x.grid;", "roi.x.grid", "(roi.x.grid > 1 ? roi.x.grid - 1 : roi.x.grid)"),
    "empty grid": ("mine.divisor < (acc_t)1) mine.divisor = (acc_t)1;", "mine.divisor = (acc_t)1", "mine.divisor = (acc_t)0"),
    "maximum becomes minimum": ("return b > a || b != b ? b : a;", "b > a", "b < a"),
    "maximum without outside samples": ("const bool zero_counts = some_outside && MAX != Max::sample_inside;", "some_outside", "false"),
    "corner maximum without one corner": ("return larger<N>(larger<N>(low, w10 * c10), w11 * c11);", "w11 * c11", "w10 * c10"),
    "corner maximum of lines without one corner": ("best = larger(best, sx[b].weight_high * at(line + second, sx[b].high));", "sx[b].high", "sx[b].low"),
    "line without its second row": ("return both ? multiply_add(spread<Register>(weight_high), read_columns(map + high), top) : top;", "both ?", "false ?"),
    "rows of a line forgotten": ("read_columns(map + taps[a].index * row_stride), sum);", ", sum)", ", Register{})"),
    "line begins one column late": ("move_entry(x.entries[i], low - first, high - first);", "low - first, high", "low - first + 1, high"),
    "maximum of vectors becomes minimum": ("return (b > a) | (b != b) ? b : a;", "b > a", "b < a"),
    "sparse line without its columns": ("window.pixels[column] = low;", "= low", "= 0"),
    "start of a maximum": ("MAX_START == MaxStart::value ? MAX_START_VALUE : -infinity();", "MAX_START == MaxStart::value", "false"),
    "first image only": ("roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
    "batch index unchecked": ("&& (int64)batch < params.images;", "(int64)batch < params.images", "true"),
    "last piece of a channel vector": ("if constexpr (N > 1 && !ALIGNED)", "N > 1", "N > 100"),
    "last piece of a line": ("widen(row[pixels ? pixels[i] : i]);", ": i", ": 0"),
    "last piece of the results": ("narrow(results[i * LANES + c], output[c * stride + i]);", "c * stride + i", "c * stride"),
    "channels of a line": ("(c < channels.count ? c : channels.count - 1)", "c < channels.count ? c : channels.count - 1", "0"),
    "patch of listed columns": ("if (window.sparse) window.rows = 0;", "window.sparse", "false"),
    "rows of a patch": ("copy_columns(from + row * row_stride,", "row * row_stride", "row / 2 * row_stride"),
    "columns of a patch": ("row(row_0 + column * LANES, read_column)", "column * LANES", "column / 2 * LANES"),
    "last columns of a patch": ("__builtin_memcpy(to + column, from + column,", "from + column", "from"),
    "first row of a patch": ("window.first_row * row_stride + window.first;", "window.first_row * row_stride", "0"),
    "last results, which overlap others": ("next : bins - LANES;  // the", "bins - LANES", "bins - LANES - 1"),
    "columns and channels not turned": ("if (!(i & STEP)) exchange", "!(i & STEP)", "i == 0"),
    "row of bins": ("to += blockDim.y * params.channels;", "blockDim.y", "0"),
    "x and y exchanged": ("box[2], box[4], (acc_t)params.scales_y", "box[2], box[4]", "box[1], box[3]"),
    "one scale for both axes": ("box[1], box[3], (acc_t)params.scales_x", "params.scales_x", "params.scales_y"),
    "merged taps lose a weight": ("taps[low].weight += sample.weight_low;", "+=", "="),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    # A mutant that reads outside the map must not take the tests with it.
    cases = (
        [case for case in CASES if case.id == "batch-index-too-large"] if fault == "batch index unchecked" else CASES
    )
    with mutant("roi_align/forward.cu", *MUTANTS[fault]):
        red = next(  # the first is enough: kernels for others need not be compiled
            (
                what
                for dialect in ("torchvision-aligned", "torchvision", "onnx-16", "mmcv", "opencv")
                for what, judgement in judgements(cases, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
