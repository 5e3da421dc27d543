"""The answers of the oracle of RoIAlign of volumes: RoIAlign's, those of axes in another order, differences; bounds that hold."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roikit.conformance.arrays import numpy_dtype
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.operators.roi_align_3d.draws.chance import arguments
from roikit.conformance.operators.roi_align_3d.oracle.face import ORACLE
from roikit.kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN
from roikit.kernels.dialects.roi_align_3d import DIALECTS

LIKE = {"roikit": "torchvision", "roikit-aligned": "torchvision-aligned"}


def as_rows(array):
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def case(volumes, boxes, size=(2, 2, 2), ratio=(2, 2, 2), scale=(1, 1, 1), grad=None):
    found = {
        "input": as_rows(volumes),
        "boxes": boxes,
        "output_size": list(size),
        "spatial_scale": list(scale),
        "sampling_ratio": list(ratio),
        "mode": "avg",
    }
    return found | ({} if grad is None else {"grad": as_rows(grad)})


@pytest.mark.parametrize("name", LIKE)
def test_a_slice_is_a_map(name):
    """Where all samples along z lie in one slice it is RoIAlign of that map, as another oracle has it."""
    chance, dialect = np.random.default_rng(1), DIALECTS[name]
    maps = chance.integers(-8, 9, (2, 2, 6, 7)).astype(float)
    boxes = [[1, 0.5, 1.25, 5.5, 4.25], [0, -2, 1, 3, 9], [0, 4, 4, 2, 1], [1, 2.5, 2.5, 2.75, 3]]
    deep = (0, 1) if name == "roikit-aligned" else (-0.5, 0.5)
    rows = [[b, x1, y1, deep[0], x2, y2, deep[1]] for b, x1, y1, x2, y2 in boxes]
    for ratio in ((2, 2), (0, 0), (1, 3)):
        asked = case(maps[:, :, None], rows, (1, 2, 3), (1, *ratio))
        found = ORACLE.values(asked, Operation.FORWARD, dialect)
        other = roi_align(maps, np.array(boxes), (2, 3), (1, 1), ratio, "avg", OF_ROI_ALIGN[LIKE[name]])
        assert (found[:, :, 0] == other.values).all()


@settings(max_examples=20, deadline=None)
@given(
    arguments(classes=("ordinary", "tiny", "inverted", "huge")), st.sampled_from(list(itertools.permutations(range(3))))
)
def test_axes_in_another_order_are_the_same(given_, order):
    def of(values):
        return [values[axis] for axis in order]

    volumes = np.array(given_["input"]["rows"], float).reshape(given_["input"]["shape"])
    columns = [0, *(1 + 3 * corner + 2 - axis for corner in (0, 1) for axis in reversed(order))]
    other = {
        **given_,
        "input": as_rows(np.ascontiguousarray(volumes.transpose(0, 1, *(2 + axis for axis in order)))),
        "boxes": [[row[column] for column in columns] for row in given_["boxes"]],
        **{name: of(given_[name]) for name in ("output_size", "spatial_scale", "sampling_ratio")},
    }
    for dialect in {*DIALECTS.values()}:
        found = ORACLE.values(given_, Operation.FORWARD, dialect)
        again = ORACLE.values(other, Operation.FORWARD, dialect)
        assert (again == found.transpose(0, 1, *(2 + axis for axis in order))).all()


@pytest.mark.parametrize("name", ["roikit", "roikit-aligned", "dkfz-aligned"])
@pytest.mark.parametrize("operation", [Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT])
def test_gradients_are_those_of_differences(operation, name):
    chance, dialect = np.random.default_rng(3), DIALECTS[name]
    volumes = chance.integers(-8, 9, (1, 2, 4, 3, 5)).astype(float)
    grad = chance.integers(-4, 5, (2, 2, 2, 1, 2)).astype(float)
    boxes = np.array([[0, 0.6, 0.7, 0.55, 3.9, 2.3, 3.1], [0, 4.3, -1.3, 2.6, 1.1, 3.7, 2.9]])  # no sample at a voxel
    how = {"size": (2, 1, 2), "ratio": (2, 1, 3), "scale": (0.9, 1.1, 0.8)}
    exact = ORACLE.values(case(volumes, boxes.tolist(), grad=grad, **how), operation, dialect)
    step = 2.0**-20

    def pooled(sign, place):
        moved, changed = boxes.copy(), volumes.copy()
        if operation == Operation.BOX_GRADIENT:
            moved[place[0], place[1] + 1] += sign * step
        else:
            changed[place] += sign * step
        asked = case(changed, moved.tolist(), **how)
        return (ORACLE.values(asked, Operation.FORWARD, dialect) * grad).sum()

    places = list(np.ndindex(exact.shape))
    for place in places if len(places) < 20 else places[::7]:
        difference = float(pooled(1, place) - pooled(-1, place)) / (2 * step)
        assert abs(float(exact[place]) - difference) < 1e-6, place


def along(low, high, scale, bins, ratio, dialect, kind):
    """The samples of an axis, formed in a data type."""
    start, end = low * scale, high * scale
    if dialect.offset == "half":
        start, end = start - kind(0.5), end - kind(0.5)
    extent = end - start
    if dialect.min_size == "one":
        extent = max(extent, kind(1))
    size = extent / kind(bins)
    grid = ratio or max(math.ceil(size), 0)
    return [
        [start + kind(p) * size + (kind(i) + kind(0.5)) * size / kind(grid) for i in range(grid)] for p in range(bins)
    ]


def in_floats(given_, dtype, dialect):
    """The output by a straightforward computation in a data type, as somebody else may have written it."""
    kind = numpy_dtype(dtype).type
    volumes = np.array(given_["input"]["rows"], kind).reshape(given_["input"]["shape"])
    shape, bins = volumes.shape[2:], given_["output_size"]
    out = np.zeros((len(given_["boxes"]), volumes.shape[1], *bins), kind)
    for k, row in enumerate(given_["boxes"]):
        x1, y1, z1, x2, y2, z2 = (kind(number) for number in row[1:])
        scales = [kind(scale) for scale in given_["spatial_scale"]]
        corners = [(z1, z2), (y1, y2), (x1, x2)]
        places = [
            along(*pair, scale, n, ratio, dialect, kind)
            for pair, scale, n, ratio in zip(corners, scales, bins, given_["sampling_ratio"], strict=True)
        ]
        count = math.prod(len(axis[0]) for axis in places)
        for where in np.ndindex(*bins):
            for at in itertools.product(*(axis[p] for axis, p in zip(places, where, strict=True))):
                if not all(-1 <= y <= n for y, n in zip(at, shape, strict=True)):
                    continue
                held = [min(max(y, kind(0)), kind(n - 1)) for y, n in zip(at, shape, strict=True)]
                pairs = [
                    ((int(y), 1 - (y - int(y))), (min(int(y) + 1, n - 1), y - int(y)))
                    for y, n in zip(held, shape, strict=True)
                ]
                for (a, u), (b, v), (c, w) in itertools.product(*pairs):
                    out[(k, slice(None), *where)] += volumes[int(row[0]), :, a, b, c] * (kind(u) * kind(v) * kind(w))
        out[k] /= kind(max(count, 1))
    return out


@settings(max_examples=40, deadline=None)
@given(
    arguments(classes=("ordinary", "tiny", "outside", "inverted", "free")),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(list(DIALECTS)),
)
def test_bounds_hold_of_another_computation(given_, dtype, name):
    answer = ORACLE.answer_in(given_, Operation.FORWARD, DIALECTS[name], dtype)
    if answer is None:
        return
    got = in_floats(given_, dtype, DIALECTS[name]).astype(float)
    bound = np.zeros(got.shape) if answer.bound is None else np.array(answer.bound, float)
    off = abs(got - np.array(answer.output, float).reshape(got.shape))
    assert (np.isnan(bound) | (off <= bound)).all()


def test_a_call_of_thirds_has_bounds_and_others_are_exact():
    volumes = np.arange(60.0).reshape(1, 1, 3, 4, 5)
    exact = ORACLE.answer_in(
        case(volumes, [[0, 0.5, 0.5, 0.5, 2.5, 2.5, 2.5]]), Operation.FORWARD, DIALECTS["roikit"], "float32"
    )
    rounded = ORACLE.answer_in(
        case(volumes, [[0, 0.3, 0.5, 0.5, 2.5, 2.5, 2.5]]), Operation.FORWARD, DIALECTS["roikit"], "float32"
    )
    assert exact.bound is None
    assert 0 < np.max(rounded.bound) < 1e-3
