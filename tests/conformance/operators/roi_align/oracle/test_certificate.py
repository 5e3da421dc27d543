"""A call with a certificate must be exact in every order of evaluation; one that is not exact must have none."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from roikit.conformance.exact.budgets import Budget, quantum
from roikit.conformance.exact.floats import FLOAT_TYPES, WORKING
from roikit.conformance.operators.roi_align.oracle.certificate import exact_dtypes, fairness
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.kernels.dialects.roi_align import named_dialect

ml_dtypes = pytest.importorskip("ml_dtypes")

ALIGNED, LEGACY = named_dialect("detectron2"), named_dialect("torchvision")
ALL = tuple(FLOAT_TYPES)


def arguments(
    box=(0, 1, 1, 3, 3), *, rows=None, output=(2, 2), scale=(1.0, 1.0), ratio=(2, 2), mode="avg", size=(6, 6)
):
    rows = [[float(v) for v in range(size[0] * size[1])]] if rows is None else rows
    return {
        "input": {"shape": [1, 1, *size], "rows": rows},
        "boxes": [list(box)],
        "output_size": list(output),
        "spatial_scale": list(scale),
        "sampling_ratio": list(ratio),
        "mode": mode,
    }


def dtype_of(name):
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def in_some_order(call, dtype, dialect, rng):
    """The average of each bin, all in ``dtype``, in an order that ``rng`` chooses anew at every step."""
    t = dtype.type
    feature = np.array(call["input"]["rows"], dtype).reshape(call["input"]["shape"])[0, 0]
    shift = t(0.5) if dialect.offset == "half" else t(0)

    def between(first, last, along):
        return first * (t(1) - along) + last * along

    def axis(y1, y2, scale, bins, ratio, pixels):
        start, end = t(y1) * t(scale) - shift, t(y2) * t(scale) - shift
        extent = end - start if dialect.min_size == "none" else max(end - start, t(1))
        size, taps = extent / t(bins), []
        g = ratio or int(np.ceil(size))
        for p, i in itertools.product(range(bins), range(g)):
            p_, i_, g_ = t(p), t(i) + t(0.5), t(g)
            orders = (
                lambda p_=p_, i_=i_, g_=g_: start + p_ * size + i_ * size / g_,
                lambda p_=p_, i_=i_, g_=g_: start + (p_ * size + i_ * (size / g_)),
                lambda p_=p_, i_=i_, g_=g_: start + size * (p_ + i_ / g_),
                lambda p_=p_, i_=i_, g_=g_: start + (p_ * g_ + i_) / (t(bins) * g_) * extent,
                lambda p_=p_, i_=i_, g_=g_: start + (p_ * g_ + i_) * (extent / (t(bins) * g_)),
                lambda p_=p_, i_=i_, g_=g_: between(start, start + extent, (p_ * g_ + i_) / (t(bins) * g_)),
            )
            y = orders[rng.integers(len(orders))]()
            if not -1 <= y <= pixels:
                taps.append((p, ()))
                continue
            y = min(max(y, t(0)), t(pixels - 1))
            low = int(y)
            part = y - t(low)
            taps.append((p, ((low, t(1) - part), (min(low + 1, pixels - 1), part))))
        return taps, g

    (_, x1, y1, x2, y2), (ph, pw), (sy, sx) = call["boxes"][0], call["output_size"], call["spatial_scale"]
    ys, gy = axis(y1, y2, sy, ph, call["sampling_ratio"][0], feature.shape[0])
    xs, gx = axis(x1, x2, sx, pw, call["sampling_ratio"][1], feature.shape[1])
    out, early = np.zeros((ph, pw), dtype), rng.random() < 0.5
    count = t(max(gy * gx, 1))
    for p, q in np.ndindex(ph, pw):
        terms = []
        for (b, y), (d, x) in itertools.product(ys, xs):
            if (b, d) == (p, q):
                for (row, wy), (column, wx) in itertools.product(y, x):
                    pixel = feature[row, column]
                    term = (wy * wx) * pixel if rng.random() < 0.5 else wy * (wx * pixel)
                    terms.append(term / count if early else term)
        rng.shuffle(terms)
        total = t(0)
        for term in terms:
            total = total + term
        out[p, q] = total if early else (total / count if rng.random() < 0.5 else total * (t(1) / count))
    return out


def random_arguments(rng):
    size = tuple(int(n) for n in rng.integers(1, 9, 2))
    step = 2.0 ** -int(rng.integers(0, 4))
    box = [0, *(float(v) * step for v in rng.integers(-2 / step, 12 / step, 4))]
    box = [0, min(box[1], box[3]), min(box[2], box[4]), max(box[1], box[3]), max(box[2], box[4])]
    values = rng.integers(-8, 9, size[0] * size[1]) * 2.0 ** -int(rng.integers(0, 3))
    scale = float(2.0 ** -int(rng.integers(0, 3)))
    output, ratio = ([int(v) for v in rng.choice([1, 2, 3, 4], 2)] for _ in range(2))
    ratio = [r if r < 4 else 0 for r in ratio]
    return arguments(box, rows=[values.tolist()], output=output, ratio=ratio, size=size, scale=(scale, scale))


@pytest.mark.parametrize("dialect", [ALIGNED, LEGACY], ids=["aligned", "legacy"])
def test_certified_calls_are_exact_in_every_order(dialect):
    rng = np.random.default_rng(2)
    certified = dict.fromkeys(ALL, 0)
    for _ in range(150):
        call = random_arguments(rng)
        parts = [call[name] for name in ("output_size", "spatial_scale", "sampling_ratio", "mode")]
        feature = np.array(call["input"]["rows"]).reshape(call["input"]["shape"])
        want = roi_align(feature, call["boxes"], *parts, dialect).values[0, 0].astype(float)
        for name in exact_dtypes(call, dialect):
            certified[name] += 1
            computed = in_some_order(call, dtype_of(WORKING[name]), dialect, rng)
            assert (computed.astype(float) == want).all()
        if "float32" in exact_dtypes(call, dialect):
            assert fairness(call, dialect) == []
    assert all(count > 10 for count in certified.values()), certified


def test_budget():
    bfloat16 = FLOAT_TYPES["bfloat16"]
    assert Budget(Fraction(1, 4), Fraction(64)).fits(bfloat16)
    assert not Budget(Fraction(1, 4), Fraction(257, 4)).fits(bfloat16)
    assert Budget(Fraction(0), Fraction(0)).fits(bfloat16)
    assert not Budget(Fraction(0), Fraction(1)).fits(bfloat16)
    assert not Budget(Fraction(32), Fraction(65536)).fits(FLOAT_TYPES["float16"])
    assert Budget(Fraction(1, 2**24), Fraction(1, 2**15)).fits(FLOAT_TYPES["float16"])
    assert not Budget(Fraction(1, 2**25), Fraction(1, 2**15)).fits(FLOAT_TYPES["float16"])
    assert quantum([Fraction(3, 8), Fraction(6), Fraction(0)]) == Fraction(1, 8)
    assert quantum([Fraction(12)]) == 4
    assert quantum([Fraction(1, 3), Fraction(1)]) == 0


def test_the_input_limits_the_types():
    ones = [1.0] * 35
    assert exact_dtypes(arguments(rows=[[*ones, 256.0]]), ALIGNED) == ALL
    assert exact_dtypes(arguments(rows=[[*ones, 257.0]]), ALIGNED) == ("float64", "float32", "float16")
    assert exact_dtypes(arguments(rows=[[*ones, 2.0**16]]), ALIGNED) == ("float64", "float32", "bfloat16")
    assert exact_dtypes(arguments(rows=[[*ones, 0.1]]), ALIGNED) == ("float64",)
    assert exact_dtypes(arguments(rows=[[*ones, float("nan")]]), ALIGNED) == ALL


def test_the_box_limits_the_types():
    zeros = [[0.0] * 36]
    assert exact_dtypes(arguments((0, 1, 1, 3, 3.5), rows=zeros), ALIGNED) == ALL
    assert (
        exact_dtypes(arguments((0, 1, 1, 3, 5 + 2**-8), rows=zeros), ALIGNED) == ALL
    )  # boxes of 16-bit maps are float32
    assert exact_dtypes(arguments((0, 1, 1, 3, 5 + 2**-24), rows=zeros), ALIGNED) == ("float64",)
    assert exact_dtypes(arguments((0, 1, 1, 3, 3.1), rows=zeros), ALIGNED) == ()
    assert exact_dtypes(arguments(rows=zeros, scale=(0.3, 0.5)), ALIGNED) == ()


def test_the_division_must_be_exact():
    assert exact_dtypes(arguments(ratio=(4, 2)), ALIGNED)[:2] == ("float64", "float32")
    assert exact_dtypes(arguments((0, 0, 0, 3, 3), output=(1, 1), ratio=(1, 1)), ALIGNED) == ALL
    assert exact_dtypes(arguments((0, 0, 0, 3, 3), output=(1, 1), ratio=(3, 1)), ALIGNED) == ()
    assert exact_dtypes(arguments((0, 0, 0, 3, 3), output=(2, 2), ratio=(0, 0)), ALIGNED)[:1] == ("float64",)


def test_the_share_of_the_extent_at_which_a_sample_lies_must_be_exact():
    """Whoever forms positions as ``start + t * extent`` has a third of it, though the bins are whole pixels."""
    assert exact_dtypes(arguments((0, 0, 0, 3, 3), output=(3, 3), ratio=(1, 1)), ALIGNED) == ()
    assert exact_dtypes(arguments((0, 0, 0, 4, 4), output=(4, 4), ratio=(1, 1)), ALIGNED) == ALL


def test_both_ends_times_their_shares_must_be_exact():
    """Whoever forms positions as ``start * (1 - t) + end * t`` needs the bits of both factors."""
    for start, exact in ((2**12 + 2**-6, ALL), (2**12 + 2**-10, ("float64",))):  # 19 bits, and 23, times 5
        call = arguments((0, 1, start, 3, start + 16), output=(4, 1), ratio=(4, 1))
        assert exact_dtypes(call, ALIGNED) == exact


def test_sums_may_exceed_a_type_that_holds_input_and_output():
    call = arguments((0, 1, 1, 3, 3), rows=[[2.0**17] * 36], ratio=(4, 4), output=(1, 1))
    assert exact_dtypes(call, ALIGNED) == ("float64", "float32", "bfloat16")  # float16 has no such pixels
    call = arguments((0, 1, 1, 3, 3), rows=[[65504.0] * 36], ratio=(4, 4), output=(1, 1))
    assert exact_dtypes(call, ALIGNED) == ("float64", "float32", "float16")  # and bfloat16 none of so many bits


def test_a_maximum_sums_only_one_sample():
    for mode, expected in (("avg", ("float64",)), ("max", ("float64", "float32"))):
        call = arguments((0, 1, 1, 3, 3), rows=[[2.0**21 + 1] * 36], ratio=(4, 4), output=(1, 1), mode=mode)
        call["boxes"] = [[0, 0.5, 0.5, 4.5, 4.5]]  # every sample on the middle of a pixel
        assert exact_dtypes(call, ALIGNED) == expected


def test_subnormal_numbers_are_numbers():
    tiny = [[2.0**-133] * 36]  # a subnormal of float32; of bfloat16, the smallest
    assert exact_dtypes(arguments(rows=tiny), ALIGNED) == ("float64", "float32", "bfloat16")
    assert exact_dtypes(arguments(rows=[[2.0**-149] * 36]), ALIGNED) == ("float64",)  # its quarter is none


def test_the_batch_index_takes_part():
    call = arguments()
    call["input"] = {"shape": [300, 1, 1, 1], "rows": [[1.0] * 300]}
    call["input"] = {"shape": [300, 1, 1, 1], "rows": [[1.0] * 300]}
    call["boxes"] = [[257, 0, 0, 1, 1]]
    assert exact_dtypes(call, ALIGNED) == ALL  # boxes of 16-bit maps are float32


def test_invalid_and_empty_rois_are_exact():
    assert exact_dtypes(arguments((0, 1, 1, float("nan"), 3)), ALIGNED) == ALL
    assert exact_dtypes(arguments((0, 3, 3, 1, 1), ratio=(0, 0)), ALIGNED) == ALL


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fairness(dtype):
    def complaints(box, **keywords):
        return fairness(arguments(box, **keywords), ALIGNED, dtype)

    one = {"ratio": (1, 1), "output": (1, 1)}
    assert complaints((0, 0, 5, 2, 8), **one) == []  # exactly on H
    assert complaints((0, 0, -2, 2, 1), **one) == []  # exactly on -1
    three = {"ratio": (3, 1), "output": (1, 1)}  # a third of a bin is not exact
    on_bound = complaints((0, 0, 5.3, 2, 7.7), **three)
    assert len(on_bound) == 1
    assert on_bound[0].startswith("RoI 0: sample 1 of bin 0 at y = ")
    assert "bound" in on_bound[0]
    assert complaints((0, 0, 5.3, 2, 7.6), **three) == []
    assert complaints((0, 0, 0, 4, 4), ratio=(0, 0)) == []  # exactly 2 pixels to a bin
    on_step = complaints((0, 0.1, 0, 4.1, 4), ratio=(0, 0))
    assert len(on_step) == 1
    assert "along x" in on_step[0]
    assert "step" in on_step[0]


def test_a_nan_beside_a_sample_is_unfair():
    rows = [[float("nan") if column == 3 else 0.0 for _ in range(6) for column in range(6)]]
    assert fairness(arguments((0, 1.5, 1, 3.5, 3), rows=rows, ratio=(1, 1), output=(1, 1)), ALIGNED) == []
    assert fairness(arguments((0, 1.6, 1, 3.4, 3), rows=rows, ratio=(1, 1), output=(1, 1)), ALIGNED) != []
