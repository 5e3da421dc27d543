"""The check of timed gradients: it passes ours and PyTorch's, and notices whatever is done to them."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from benchmarks import workloads
from benchmarks.operators.roi_align.operations import Operation
from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.operators.roi_align.reference import gradient as gradient_reference
from benchmarks.operators.roi_align.reference import reference_of
from benchmarks.operators.roi_align.reference.gradient import make_gradient_reference, off_by, terms_of, validate
from benchmarks.operators.roi_align.reference.output import AxisFacts, axis_facts, facts_of
from benchmarks.workloads import problem
from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.sampling.errors import AxisError
from roikit.kernels.dialects.roi_align import DIALECTS

GRADIENTS = {operation: ROI_ALIGN.cpu.ours[operation] for operation in (Operation.BACKWARD, Operation.POOLER_BACKWARD)}


@pytest.fixture
def work(small):
    return problem(small)


@pytest.mark.parametrize("operation", GRADIENTS)
@pytest.mark.parametrize(
    ("layout", "dtype"), [("NCHW", "float32"), ("NHWC", "float32"), ("NHWC", "float16"), ("NCHW", "bfloat16")]
)
def test_ours_is_correct_in_every_pixel(work, operation, layout, dtype):
    expected = make_gradient_reference(work, 1, operation)
    judgement = expected.judge(GRADIENTS[operation](work, layout, dtype).checked_outputs(), dtype)
    assert judgement.correct
    assert 0 < judgement.error_over_bound <= 1
    assert judgement.checked == judgement.elements == sum(level.feature.size for level in work.levels)
    assert expected.checked_exactly > 300


@pytest.mark.parametrize("operation", GRADIENTS)
@pytest.mark.parametrize("ratio", [0, 3])
def test_other_grids(small, operation, ratio):
    work = problem(replace(small, sampling_ratio=ratio))
    judgement = make_gradient_reference(work, 1, operation).judge(
        GRADIENTS[operation](work, "NCHW", "float32").checked_outputs(), "float32"
    )
    assert judgement.correct
    assert judgement.checked > 0.9 * judgement.elements


def test_the_pooler_is_correct_in_the_order_of_the_boxes(work):
    expected = reference_of(work, 1, Operation.POOLER)
    for layout in ("NCHW", "NHWC"):
        pooled = ROI_ALIGN.cpu.ours[Operation.POOLER](work, layout, "float32").checked_outputs()
        judgement = expected.judge(pooled, "float32")
        assert judgement.correct
        assert judgement.checked == judgement.elements == work.row.outputs
    (output,) = pooled
    first, second = work.levels[0].rois[0], work.levels[1].rois[0]
    output[[first, second]] = output[[second, first]]
    assert not expected.judge([output], "float32").correct


@pytest.mark.parametrize("operation", [Operation.POOLER, *GRADIENTS])
@pytest.mark.parametrize("strides", [(8, 16), (16,)])
def test_peers_are_correct(small, operation, strides):
    pytest.importorskip("torchvision", reason="torchvision is not installed")
    work = problem(replace(small, strides=strides))  # poolers have a short cut for one level
    expected = reference_of(work, 1, operation)
    peers, _ = ROI_ALIGN.cpu.present_peers(operation, work, 1)
    assert peers
    for peer in peers:
        for _ in range(2):  # a graph that is kept can be gone over again
            judgement = expected.judge(peer.checked_outputs(), "float32")
            assert judgement.correct, (peer.name, judgement.reason)


def spoil_value(gradient):
    gradient[touched(gradient)] += 0.01


def spoil_by_little(gradient):
    gradient[touched(gradient)] *= 1 + 1e-4


def spoil_untouched(gradient):
    gradient[0, 0, 0, 0] = 1e-3


def spoil_channels(gradient):
    gradient[:] = np.roll(gradient, 1, axis=1)


def spoil_image(gradient):
    gradient[:] = gradient[::-1]


def spoil_by_doubling_a_row(gradient):
    gradient[:, :, touched(gradient)[2]] *= 2


def spoil_not_written(gradient):
    gradient[1, 2, 3, 3] = np.nan


def touched(gradient):
    return np.unravel_index(abs(gradient).argmax(), gradient.shape)


@pytest.mark.parametrize("operation", GRADIENTS)
@pytest.mark.parametrize(
    "spoil",
    [
        spoil_value,
        spoil_by_little,
        spoil_untouched,
        spoil_channels,
        spoil_image,
        spoil_by_doubling_a_row,
        spoil_not_written,
    ],
)
def test_a_spoilt_gradient_is_wrong(work, operation, spoil):
    outputs = GRADIENTS[operation](work, "NCHW", "float32").checked_outputs()
    spoil(outputs[0])
    judgement = make_gradient_reference(work, 1, operation).judge(outputs, "float32")
    assert not judgement.correct
    assert judgement.reason


def test_a_gradient_that_lacks_one_roi_is_wrong(work, monkeypatch):
    honest = workloads.gradient

    def without_the_last(row):
        sent = honest(row).copy()
        sent[-1] = 0
        return sent

    monkeypatch.setattr(workloads, "gradient", without_the_last)
    outputs = ROI_ALIGN.cpu.ours[Operation.BACKWARD](work, "NCHW", "float32").checked_outputs()
    assert not make_gradient_reference(work, 1, Operation.BACKWARD).judge(outputs, "float32").correct


def test_large_rows_are_checked_in_some_channels_and_in_some_pixels_of_all(work, monkeypatch):
    monkeypatch.setattr(gradient_reference, "WHOLE", 10)
    monkeypatch.setattr(gradient_reference, "SAMPLED_CHANNELS", 3)
    whole = ROI_ALIGN.cpu.ours[Operation.BACKWARD](work, "NCHW", "float32").checked_outputs()
    expected = make_gradient_reference(work, 1, Operation.BACKWARD)
    shapes = [block.value.shape for block in expected.blocks]
    assert shapes == [(2, 3, 40, 64), (24, 9), (2, 3, 20, 32), (24, 9)]
    assert expected.judge(whole, "float32").correct
    block = expected.blocks[1]
    others = np.setdiff1d(np.arange(9), expected.blocks[0].index[1])
    image, _, y, x = (array[0, 0] for array in block.index)
    whole[0][image, others[0], y, x] += 0.01
    assert not expected.judge(whole, "float32").correct, "a pixel of a channel that is not checked throughout"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda axis: replace(axis, weights=axis.weights * 1.001), "values"),
        (lambda axis: replace(axis, count=axis.count * 0), "which pixels"),
        (lambda axis: replace(axis, grid=axis.grid + 1), "values"),
        (lambda axis: replace(axis, first=axis.first + 1), "which pixels"),
    ],
)
def test_a_reference_that_differs_from_the_oracle_is_refused(work, change, message):
    facts = [(change(y), x) for y, x in facts_of(work, "torchvision-aligned", 1)[0]]
    sent = workloads.gradient(work.row)[work.levels[0].rois]
    with pytest.raises(AssertionError, match=message):
        validate(work, 0, facts, sent, Operation.BACKWARD, np.random.default_rng(0))


def axis(first, last, pixels=12, bins=3, ratio=2, dialect="torchvision-aligned"):
    size = pixels, pixels
    return oracle.stages([0, first, first, last, last], size, (bins, bins), (1, 1), (ratio, ratio), DIALECTS[dialect]).y


@pytest.mark.parametrize(("first", "last"), [(0.1, 7.3), (2.0, 8.0), (0.0, 11.9), (3.3, 3.4), (-0.7, 12.2)])
def test_weights_of_samples_that_moved_are_within_what_is_allowed(first, last):
    """Weights and errors of coordinates alone, with errors that are made large enough to cross pixels."""
    exact = axis(np.float32(first).item(), np.float32(last).item())
    rng, error = np.random.default_rng(1), 0.4

    class FarOff(AxisError):  # noqa: N818
        def position(self, p, i):
            return error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.operators.roi_align.reference.output.AxisError", FarOff)
        facts = axis_facts(exact)
    allowed, terms = off_by(facts), terms_of(facts)
    for _ in range(50):
        found = np.zeros((3, 12))
        reached = np.zeros((3, 12))
        for p in range(3):
            for sample in exact.samples(p):
                moved = sample.position + Fraction(rng.choice([-1, 1, rng.uniform(-1, 1)]) * error)
                for pixel, weight in exact.rules.weights(exact.rules.clamp(moved, 12), 12):
                    found[p, pixel] += float(weight)
                    reached[p, pixel] += weight > 0
        window = facts.window
        assert not np.delete(found, np.r_[window], axis=1).any()
        assert (abs(found[:, window] - facts.weights) <= allowed + 1e-12).all()
        assert (reached[:, window] <= terms).all()


def test_the_least_errors_of_float32_are_allowed():
    assert AxisError(axis(0.1, 7.3), FLOAT_TYPES["float32"]).position(2, 1) > 0
    assert (off_by(axis_facts(axis(0.1, 7.3))) > 0).any()
    assert not off_by(axis_facts(axis(2.5, 10.5, bins=4))).any(), "corners, bins and samples that float32 has exactly"


@pytest.mark.parametrize("unsure", [{"fragile": True}, {"at_bound": np.array([False, True, False])}])
def test_pixels_of_a_roi_of_which_nothing_is_sure_have_no_bound(work, unsure):
    y, x = facts_of(work, "torchvision-aligned", 1)[0][0]
    assert isinstance(y, AxisFacts)
    sums = gradient_reference.sums_of_maps(
        (2, 1, 40, 64), np.array([1]), [(replace(y, **unsure), x)], np.ones((1, 1, 3, 3))
    )
    bound = sums.bound(1.0)
    assert np.isinf(bound[1, :, :, x.window]).all(), "however many samples there are, they may be on any row"
    assert np.isfinite(bound[0]).all()
    assert np.isfinite(bound).sum() == 2 * 40 * 64 - 40 * len(range(*x.window.indices(64)))
