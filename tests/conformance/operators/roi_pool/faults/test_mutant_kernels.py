"""The golden cases notice when one of RoIPool's kernels is broken; that they conform as they are, `test_judged.py` sees."""

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdict import Verdict

CASES = [
    c
    for c in up_to("small", golden_cases())
    if c.operator == "roi_pool" and c.operation == "forward" and c.kind in ("value", "invalid")
]


SCALAR = "ROIKIT_FN acc_t better(acc_t best, acc_t pixel) {"
VECTOR = "ROIKIT_FN Register better(Register best, Register pixel) {"
IF_LAST = f"""{SCALAR}
    if (NAN_PIXEL == Nan::propagates) return larger(best, pixel);
    if (LAST_COUNTS) return pixel < best ? best : pixel;"""

# A piece of the source, what of it is replaced, and by what.
MUTANTS = {
    "halves up": ("case Snap::half_away: return round_of(x);", "round_of(x)", "floor_of(add(x, (acc_t)0.5))"),
    "halves to odd": ("? (acc_t)2 * round_of(x / (acc_t)2) : nearest;", ": nearest", ": nearest + (off == (acc_t)0 ? (acc_t)0 : (acc_t)1)"),
    "last pixel left out": ("(END == End::inclusive ? 1.0 : 0.0);", "? 1.0", "? 0.0"),
    "scale before end": ("END == End::before_scale ? add(high, (acc_t)1) : high, scale", "add(high, (acc_t)1)", "high"),
    "minimum size": ("if (MIN_SIZE == MinSize::one && axis.extent < 1.0) axis.extent = 1.0;", "axis.extent = 1.0", "axis.extent = 2.0"),
    "first pixel of a bin": ("first = axis.start + (double)(p * a + p * b / axis.bins);", "p * b /", "(p * b + axis.bins - 1) /"),
    "last pixel of a bin": ("((p + 1LL) * b + axis.bins - 1) / axis.bins);", " + axis.bins - 1", ""),
    "edges in float64": ("case Edges::accumulated: return double_of(single_of(x));", "double_of(single_of(x))", "x"),
    "edges are not added up": ("if (EDGES != Edges::accumulated) return", "EDGES != Edges::accumulated", "true"),
    "shift after rounding": ("} else if (SHIFT == Shift::inside) {", "SHIFT == Shift::inside", "false"),
    "last pixel of the map": ("stop = clipped(end, axis.size);", "axis.size", "axis.size - 1"),
    "first pixel of the map": ("pixel < (double)size ? (int)pixel : size : 0;", ": 0", ": 1"),
    "nothing is minus infinity": ("EMPTY == Empty::minus_infinity ? -infinity() : (acc_t)0;", ": (acc_t)0", ": -infinity()"),
    "nothing is zero": ("EMPTY == Empty::minus_infinity ? -infinity() : (acc_t)0;", "-infinity()", "(acc_t)0"),
    "maximum begins with zero": ("if (START == Start::lowest) return (acc_t)lowest_of(0.0f);", "(acc_t)lowest_of(0.0f)", "(acc_t)0"),
    "the least": (SCALAR, "{", "{ if (pixel < best) return pixel;"),
    "the least in lanes": (VECTOR, "{", "{ return pixel < best ? pixel : best;"),
    "first pixel is a number": ("result.part[i] = first.part[i] != first.part[i] ?", "first.part[i] != first.part[i]", "first.part[i] == first.part[i]"),
    "last pixel is a number": (IF_LAST, "pixel < best ? best : pixel", "best < pixel ? pixel : best"),
    "last pixel of a bin, not of the map": ("Nan::if_last_of_map && !ends_map", " && !ends_map", " && ends_map"),
    "divisor": ("return sum / (acc_t)pixels_of(y, x);", "pixels_of(y, x)", "(pixels_of(y, x) + 1)"),
    "divisor in lanes": ("write(at(results, q) / (acc_t)pixels,", "(acc_t)pixels", "(acc_t)(pixels + 1)"),
    "rows like those before": ("here.begin == before.begin && here.end == before.end", " && here.end == before.end", ""),
    "rows of a bin of a patch": ("length, rows.end - rows.begin}, window, line);", "rows.end - rows.begin", "1"),
    "columns of a bin": ("const int begin = roi.x[q].begin > first ? roi.x[q].begin : first;", ": first", ": first + 1"),
    "x and y exchanged": ("box[2], box[4], (acc_t)params.scales_y", "box[2], box[4]", "box[1], box[3]"),
    "one scale for both axes": ("box[1], box[3], (acc_t)params.scales_x", "params.scales_x", "params.scales_y"),
    "first image only": ("roi.image = known ? (int)batch : 0;", "(int)batch", "0"),
}  # fmt: skip


@pytest.mark.one_in(6)
@pytest.mark.parametrize("fault", MUTANTS)
def test_the_cases_notice_a_broken_kernel(fault, mutant, judgements):
    with mutant("roi_pool/forward.cu", *MUTANTS[fault]):
        red = next(  # the first is enough: kernels for others need not be compiled
            (
                what
                for dialect in ("roikit", "torchvision", "onnxruntime", "openvino", "chainer-max", "mmcv", "mnn", "tvm")
                for what, judgement in judgements(CASES, (dialect,), ("float32",))
                if judgement.verdict != Verdict.CONFORMS
            ),
            None,
        )
    assert red, f"no case notices: {fault}"
