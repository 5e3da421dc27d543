"""Gradients on the CPU: what is accepted and returned, and that nothing decides their bits but the call."""

import math
from dataclasses import replace

import numpy as np
import pytest

from roikit.kernels import (
    InvalidRoiError,
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)
from roikit.kernels.calls.problem import forget
from roikit.kernels.execution import host
from roikit.kernels.staging import gather_plan, gathering


@pytest.fixture
def forgetting():
    """Plans are forgotten afterwards."""
    yield
    forget()


SHAPES = {"NCHW": (2, 21, 37, 41), "NHWC": (2, 37, 41, 21)}
HOW = {"spatial_scale": 0.5, "aligned": True}


def case(layout="NCHW", rois=60, dtype=np.float32, mode="avg"):
    rng = np.random.default_rng(2)
    corners = rng.uniform(-9, 70, (rois, 2))
    boxes = np.column_stack([rng.integers(0, 2, rois), corners, corners + rng.uniform(0, 60, (rois, 2))])
    x = rng.standard_normal(SHAPES[layout]).astype(dtype)
    boxes = boxes.astype(np.float64 if dtype == np.float64 else np.float32)
    grad = rng.standard_normal(roi_align(x, boxes, (3, 4), **HOW, mode=mode, layout=layout).shape).astype(dtype)
    return x, boxes, grad, {**HOW, "mode": mode, "layout": layout}


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("block", [(2, 1), (3, 5), (16, 2)])
def test_the_number_of_threads_of_a_block_does_not_change_a_bit(layout, mode, block, monkeypatch):
    """They run as real threads with a real barrier, as on a GPU."""
    x, boxes, grad, how = case(layout, rois=12, mode=mode)
    expected = roi_align_backward(grad, boxes, x.shape, **how, input=x)
    of_boxes = roi_align_backward_boxes(grad, x, boxes, **how)
    run = host.run

    def with_block(launch, addresses, threads=None):
        memory = launch.shared_bytes
        if launch.source.entry == "order_tiles":
            memory = gather_plan.ordering_bytes(block[0] * block[1])
        run(replace(launch, block=block, shared_bytes=memory), addresses, threads)

    monkeypatch.setattr(host, "run", with_block)
    assert np.array_equal(roi_align_backward(grad, boxes, x.shape, **how, input=x), expected)
    assert np.array_equal(roi_align_backward_boxes(grad, x, boxes, **how), of_boxes)


@pytest.mark.parametrize("layout", SHAPES)
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_tiles_and_chunks_do_not_change_a_bit(layout, mode, monkeypatch, forgetting):
    x, boxes, grad, how = case(layout, mode=mode)
    expected = roi_align_backward(grad, boxes, x.shape, **how, input=x)
    for tile_y, tile_x, channels, rois in ((16, 16, 5, 1), (3, 16, 21, 7), (64, 64, 4, 32)):
        monkeypatch.setattr(
            gather_plan, "host_geometry",
            lambda problem, piece, y=tile_y, x=tile_x, c=channels, n=rois: gather_plan.geometry(
                problem, piece, y, x, c, most_rois=n, budget=2**24
            ),
        )  # fmt: skip
        forget()
        assert np.array_equal(roi_align_backward(grad, boxes, x.shape, **how, input=x), expected)


@pytest.mark.parametrize("rois", [3, 300])
@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("layout", SHAPES)
def test_a_map_that_is_cleared_first_has_the_same_bits(layout, mode, rois, monkeypatch):
    """Whatever is in the array that is given; with 300 RoIs nearly all tiles are touched, and nothing is cleared."""
    shape = (1, 5, 200, 160) if layout == "NCHW" else (1, 200, 160, 5)
    rng = np.random.default_rng(3)
    corners = rng.uniform(0, 280, (rois, 2))
    boxes = np.column_stack([np.zeros(rois), corners, corners + rng.uniform(0, 90, (rois, 2))]).astype(np.float32)
    x = rng.standard_normal(shape).astype(np.float32)
    how = {**HOW, "mode": mode, "layout": layout}
    grad = rng.standard_normal(roi_align(x, boxes, 3, **how).shape).astype(np.float32)
    given = {"input": x} if mode == "max" else {}
    cleared, clear = [], gathering._clear_untouched

    def noted(planned, outs, touches):
        clear(planned, outs, touches)
        cleared.append(bool((touches == gather_plan.UNTOUCHED_AND_ZERO).any()))

    monkeypatch.setattr(gathering, "_clear_untouched", noted)
    expected = roi_align_backward(grad, boxes, shape, **how, **given)
    assert cleared == []
    monkeypatch.setattr(gathering, "_LARGE", 1)
    found = roi_align_backward(grad, boxes, shape, **how, **given, out=np.full(shape, np.nan, np.float32))
    assert np.array_equal(found, expected)
    assert cleared == [rois == 3]


def test_more_bins_than_are_held_at_once_are_taken_in_parts():
    rng = np.random.default_rng(0)
    boxes = np.array([[0, 1.5, 2, 6.25, 7], [0, 0, 0, 9, 8]], np.float64)
    grad = rng.standard_normal((2, 3, 70, 40))
    for layout in ("NCHW", "NHWC"):
        arriving = np.ascontiguousarray(grad if layout == "NCHW" else grad.transpose(0, 2, 3, 1))
        shape = (1, 3, 8, 9) if layout == "NCHW" else (1, 8, 9, 3)
        x = rng.standard_normal(shape)
        gradient = roi_align_backward(arriving, boxes, shape, 1.0, 2, layout=layout)
        output = roi_align(x, boxes, (70, 40), 1.0, 2, layout=layout)
        assert np.isclose((gradient * x).sum(), (output * arriving).sum(), rtol=1e-12)  # the adjoint


X, BOXES, GRAD = (
    np.zeros((2, 3, 7, 8), np.float32),
    np.array([[0, 1, 1, 5, 5]], np.float32),
    np.ones((1, 3, 2, 2), np.float32),
)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"grad": GRAD.tolist()}, TypeError, "grad must be a NumPy or a CuPy array"),
        ({"grad": GRAD[0]}, ValueError, "grad must have 4 dimensions"),
        ({"grad": GRAD[:, :2]}, ValueError, r"grad must have shape \(1, 3, 2, 2\), not \(1, 2, 2, 2\)"),
        ({"grad": GRAD.astype(np.int32)}, TypeError, "grad has data type int32"),
        ({"boxes": BOXES.astype(np.float64)}, TypeError, "boxes has data type float64"),
        ({"input_shape": (2, 3, 7)}, ValueError, "input_shape must be four integers"),
        ({"input_shape": (2, 3, 7, -8)}, ValueError, "input_shape must be four integers, none of them negative"),
        ({"input_shape": 7}, TypeError, "input_shape must be four integers"),
        ({"mode": "max"}, ValueError, "needs the maps that were pooled: pass input"),
        ({"mode": "max", "input": X[:1]}, ValueError, r"input must have shape \(2, 3, 7, 8\)"),
        ({"mode": "max", "input": X.tolist()}, TypeError, "input must be a NumPy or a CuPy array, not builtins.list"),
        ({"mode": "max", "input": X, "out": X}, ValueError, "out overlaps input in memory"),
        ({"mode": "max", "input": X.astype(np.float64)}, TypeError, "input has data type float64; it must be float32"),
        ({"out": np.empty((2, 3, 7, 9), np.float32)}, ValueError, r"out must have shape \(2, 3, 7, 8\)"),
        ({"out": np.empty((2, 3, 7, 8), np.float64)}, TypeError, "out has data type float64"),
        ({"workspace": np.empty(8, np.uint8)}, ValueError, "workspace has 8 bytes, but this call needs"),
        ({"workspace": np.empty(2**16, np.float32)}, TypeError, "workspace must be an array of bytes"),
        ({"boxes": np.array([[2, 1, 1, 5, 5]], np.float32)}, InvalidRoiError, "batch index 2 is not one of the N = 2"),
        ({"boxes": np.array([[0, 1, np.nan, 5, 5]], np.float32)}, InvalidRoiError, "not finite"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    with pytest.raises(error, match=message):
        roi_align_backward(**{"grad": GRAD, "boxes": BOXES, "input_shape": X.shape} | changes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"inputs": []}, ValueError, "at least one level"),
        ({"inputs": [X, X[:, :2]]}, ValueError, "must have the same N and C"),
        ({"spatial_scales": [0.25]}, ValueError, "there are 1 spatial_scales for 2 levels"),
        ({"spatial_scales": [0.25, 0.2]}, ValueError, "first_level must be given"),
        ({"level_rule": "fpn"}, ValueError, "level_rule must be one of 'torchvision', 'detectron2'"),
        ({"canonical_size": 0}, ValueError, "canonical_size must be finite and greater than 0"),
        ({"canonical_size": "224"}, TypeError, "canonical_size must be a number, not '224'"),
        ({"canonical_level": 4.5}, TypeError, "canonical_level must be an integer"),
        ({"first_level": True}, TypeError, "first_level must be an integer"),
        ({"aligned": "False"}, TypeError, "aligned must be True or False, not 'False'"),
    ],
)
def test_a_wrong_argument_about_levels_is_named(changes, error, message):
    given = {"inputs": [X, X[:, :, ::2, ::2]], "boxes": BOXES, "output_size": 2, "spatial_scales": [0.25, 0.125]}
    with pytest.raises(error, match=message):
        multiscale_roi_align(**given | changes)


def test_arrays_that_overlap_are_refused():
    memory = np.zeros(2**16, np.uint8)
    out = memory[: 4 * X.size].view(np.float32).reshape(X.shape)
    with pytest.raises(ValueError, match="workspace overlaps out in memory"):
        roi_align_backward(GRAD, BOXES, X.shape, out=out, workspace=memory)
    how = {"spatial_scales": [0.25, 0.125]}
    maps = [X, np.ascontiguousarray(X[:, :, ::2, ::2])]
    shapes = [m.shape for m in maps]
    with pytest.raises(ValueError, match=r"out overlaps input\[1\] in memory"):
        multiscale_roi_align(maps, BOXES, (4, 4), **how, out=maps[1][:1].reshape(1, 3, 4, 4))
    whole = np.zeros(X.size + maps[1].size, np.float32)
    outs = [whole[: X.size].reshape(X.shape), whole[: maps[1].size].reshape(maps[1].shape)]
    with pytest.raises(ValueError, match=r"out overlaps out\[0\] in memory"):
        multiscale_roi_align_backward(GRAD, BOXES, shapes, **how, out=outs)


def test_each_level_sends_its_gradient_to_its_own_map():
    rng = np.random.default_rng(0)
    maps = [rng.standard_normal((2, 5, 64 // s, 96 // s)) for s in (4, 8, 16)]
    corners = rng.uniform(0, 40, (30, 2))
    boxes = np.column_stack([rng.integers(0, 2, 30), corners, corners + rng.uniform(1, 60, (30, 2))])
    how = {"spatial_scales": [1 / 4, 1 / 8, 1 / 16], "canonical_size": 20, "canonical_level": 3}
    output = multiscale_roi_align(maps, boxes, 3, **how)
    grad = rng.standard_normal(output.shape)
    gradients = multiscale_roi_align_backward(grad, boxes, [m.shape for m in maps], **how)
    assert all(g.any() for g in gradients)
    sent = sum((g * m).sum() for g, m in zip(gradients, maps, strict=True))
    assert np.isclose(sent, (output * grad).sum(), rtol=1e-12)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_box_of_a_million_clamped_samples_has_a_gradient_at_once(layout):
    """Of samples that are moved to an edge there may be 2^20 along each axis, and 2^40 in a bin."""
    x = np.random.default_rng(0).random((1, 1, 5, 6))
    far = 2.0**20
    box = np.array([[0, 1 - far, -far, far, far - 3]])
    found = roi_align_backward_boxes(
        np.ones((1, 1, 1, 1)),
        x if layout == "NCHW" else np.ascontiguousarray(np.moveaxis(x, 1, -1)),
        box,
        dialect="nnapi",
        layout=layout,
    )

    def along(low, high, size):  # how often each pixel is read, and what it sends to both ends
        grid = math.ceil(high - low)
        share = (np.arange(grid) + 0.5) / grid
        at = low + share * (high - low)
        moves = (at >= 0) & (at < size - 1)
        clamped = np.clip(at, 0, size - 1)
        first = np.minimum(clamped.astype(int), size - 2)
        read, sent = np.zeros(size), np.zeros((2, size))
        np.add.at(read, first, 1 - (clamped - first))
        np.add.at(read, first + 1, clamped - first)
        for end, of_end in enumerate((1 - share, share)):
            np.add.at(sent[end], first[moves] + 1, of_end[moves])
            np.add.at(sent[end], first[moves], -of_end[moves])
        return read / grid, sent / grid

    read_x, sent_x = along(box[0, 1], box[0, 3], 6)
    read_y, sent_y = along(box[0, 2], box[0, 4], 5)
    plane = x[0, 0]
    right, down = sent_x @ (read_y @ plane), sent_y @ (plane @ read_x)
    np.testing.assert_allclose(found[0], [right[0], down[0], right[1], down[1]], rtol=1e-9)
