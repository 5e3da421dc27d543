"""Right implementations are right, in whatever way they form positions, and in whatever type above float32 they compute."""

import numpy as np
import pytest

from roikit.conformance.cases.case import load_cases, up_to
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output

POSITIONS = {
    "bins, then samples": lambda t, start, extent, n, g, k: (
        start + k // g * (extent / n) + (k % g + t(0.5)) * (extent / n) / g
    ),
    "share of the extent": lambda t, start, extent, n, g, k: start + (k + t(0.5)) / (n * g) * extent,
    "between both ends": lambda t, start, extent, n, g, k: (
        start * (1 - (k + t(0.5)) / (n * g)) + (start + extent) * ((k + t(0.5)) / (n * g))
    ),
    "steps": lambda t, start, extent, n, g, k: start + (k + t(0.5)) * (extent / (n * g)),
}
CASES = [
    case
    for case in up_to("real", load_cases())
    if case.operator == "roi_align"
    and case.operation == "forward"
    and case.kind == "value"
    and case.memory == "contiguous"
    and len(case.arguments["boxes"]) > 0
    and case.group not in ("values", "fragile")
    and case.id not in ("border-huge", "border-long")
    and not case.id.endswith("adaptive-5x6501-1064")  # as a product of matrices, half a minute
]


def along(call, axis, low, high, type_, form):
    """Weights of all pixels along an axis, ``(bins, samples, pixels)``, all zeros for a sample that is outside."""
    bins, pixels, aligned = call.output_size[axis], call.input.shape[2 + axis], call.dialect == "torchvision-aligned"
    scale = type_(call.spatial_scale[axis])
    start, end = (type_(corner) * scale - type_(0.5 if aligned else 0) for corner in (low, high))
    extent = end - start if aligned else max(end - start, type_(1))
    grid = call.sampling_ratio[axis] or int(np.ceil(extent / type_(bins)))
    if grid <= 0:
        return np.zeros((bins, 0, pixels), type_)
    k = np.arange(bins * grid).astype(type_)
    at = POSITIONS[form](type_, start, extent, type_(bins), type_(grid), k).astype(type_)
    inside = (at >= -1) & (at <= pixels)
    at = np.clip(at, type_(0), type_(pixels - 1))
    pixel = np.floor(at).astype(int)
    part = at - pixel.astype(type_)
    weights = np.zeros((len(k), pixels), type_)
    rows = np.arange(len(k))
    np.add.at(weights, (rows, pixel), (type_(1) - part) * inside)
    np.add.at(weights, (rows, np.minimum(pixel + 1, pixels - 1)), part * inside)
    return weights.reshape(bins, grid, pixels)


def pooled(call, type_, form):
    """RoIAlign as products of matrices in a type."""
    pools = []
    for number, x1, y1, x2, y2 in call.boxes:
        y = along(call, 0, y1, y2, type_, form)
        x = along(call, 1, x1, x2, type_, form)
        maps = call.input[int(number)].astype(type_)
        rows = np.tensordot(maps, y, ((1,), (2,)))  # (channels, width, bins, samples)
        samples = np.tensordot(rows, x, ((1,), (2,))).transpose(0, 1, 3, 2, 4)
        flat = samples.reshape(*samples.shape[:3], y.shape[1] * x.shape[1])
        if call.mode == "max":
            pools.append(flat.max(-1, initial=-np.inf) if flat.shape[-1] else flat.sum(-1))
        else:
            pools.append(flat.sum(-1) / type_(max(flat.shape[-1], 1)))
    return np.stack(pools).astype(call.input.dtype)


@pytest.mark.parametrize("form", POSITIONS)
@pytest.mark.parametrize("dialect", ["torchvision", "torchvision-aligned"])
@pytest.mark.parametrize(
    ("dtype", "type_"),
    [("float32", np.float32), ("float64", np.float64), ("float16", np.float32), ("bfloat16", np.float64)],
    ids=["float32", "float64", "float16 in float32", "bfloat16 in float64"],
)
def test_a_right_implementation_conforms(form, dialect, dtype, type_):
    cases = CASES if dtype == "float32" else CASES[::5]
    wrong = []
    for case in cases:
        if expectation := case.expectation(dialect, dtype):
            output = pooled(case.call(dialect, dtype, "NCHW"), type_, form)
            judgement = judge_output(case, expectation, output, dtype, "NCHW")
            wrong += [(case.id, judgement.reason)] if judgement.verdict != Verdict.CONFORMS else []
    assert wrong == []


@pytest.mark.parametrize("dialect", ["torchvision", "torchvision-aligned"])
def test_one_that_computes_16_bit_maps_in_16_bits_does_not(dialect):
    """What torchvision does on a CPU, and conformed with as long as cases were exact in 16 bits only."""
    for case in (
        case for case in CASES if case.id in ("coordinates-beyond-16-bits", "image-coordinates-beyond-16-bits")
    ):
        output = pooled(case.call(dialect, "float16", "NCHW"), np.float16, "bins, then samples")
        expectation = case.expectation(dialect, "float16")
        assert judge_output(case, expectation, output, "float16", "NCHW").verdict == Verdict.DEVIATES, case.id
