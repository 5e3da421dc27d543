"""Rotated RoIAlign of tensors on a pyramid: gradients that are derivatives, of maps and boxes; and how PyTorch sees operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.multiscale_roi_align_rotated import Dialect  # noqa: E402
from roikit.torch import (  # noqa: E402
    MultiScaleRoIAlignRotated,
    multiscale_roi_align_rotated,
    roi_align_rotated,
)

BOXES = torch.tensor(
    [
        [0, 10, 8, 7, 6, 0.3],  # of the first level, whose boxes are smaller than 8 x 8
        [1, 12.5, 10, 14, 8.6, -1.2],
        [0, 9, 11, 5, 30, 2.5],
        [1, 8.2, 10.6, 0.8, 1.2, 4],
        [1, 8, 8, 40, 35, 0.7],  # of the last
    ]
)
LEVELS = [0, 1, 1, 0, 2]
SCALES = (0.5, 0.25, 0.125)
HOW = {"canonical_size": 8, "canonical_level": 2}


def drawn(dtype=torch.float32, layout="NCHW"):
    chance = torch.Generator().manual_seed(0)
    maps = [torch.randint(-9, 10, (2, 3, *size), generator=chance).to(dtype) for size in ((9, 11), (5, 6), (3, 3))]
    return maps if layout == "NCHW" else [each.permute(0, 2, 3, 1).contiguous() for each in maps]


def test_output_is_that_of_each_level():
    maps = drawn()
    for last in (False, True):
        ours = [each.contiguous(memory_format=torch.channels_last) for each in maps] if last else maps
        out = multiscale_roi_align_rotated(ours, BOXES, (3, 2), SCALES, 2, **HOW)
        assert out.is_contiguous(memory_format=torch.channels_last) == last
        for k, level in enumerate(LEVELS):
            alone = roi_align_rotated(maps[level], BOXES[k : k + 1], (3, 2), SCALES[level], 2)
            torch.testing.assert_close(out[k : k + 1], alone)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("how", [{}, {"clockwise": True}, {"dialect": "detectron2"}])
def test_gradients_are_the_derivatives(layout, how):
    maps = [each.requires_grad_() for each in drawn(torch.float64, layout)]
    boxes = BOXES.double()
    numbers = boxes[:, 1:].clone().requires_grad_()

    def pool(numbers, *maps):
        rows = torch.cat([boxes[:, :1], numbers], dim=1)
        return multiscale_roi_align_rotated(maps, rows, 2, SCALES, 2, layout=layout, **how, **HOW)

    assert torch.autograd.gradcheck(pool, (numbers, *maps))
    assert torch.autograd.gradgradcheck(lambda *maps: pool(numbers.detach(), *maps) ** 2, maps)


def test_the_gradient_of_boxes_has_none_of_its_own():
    maps, boxes = drawn(), BOXES.clone().requires_grad_()
    out = multiscale_roi_align_rotated(maps, boxes, 3, SCALES, 2, **HOW)
    (of_boxes,) = torch.autograd.grad(out.sum(), boxes, create_graph=True)
    assert not of_boxes[:, 0].any()
    assert of_boxes[:, 1:].any(dim=1).all()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


def test_lists_of_boxes_and_the_module_are_the_function():
    maps = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = multiscale_roi_align_rotated(maps, BOXES[order], 3, SCALES, 2, **HOW)
    assert torch.equal(multiscale_roi_align_rotated(maps, listed, 3, SCALES, 2, **HOW), expected)
    module = MultiScaleRoIAlignRotated(3, SCALES, 2, **HOW)
    assert torch.equal(module(maps, listed), expected)
    shown = f"output_size=3, spatial_scales={SCALES}, sampling_ratio=2, canonical_size=8, canonical_level=2"
    assert str(module) == f"MultiScaleRoIAlignRotated({shown})"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    maps, boxes = [each.requires_grad_() for each in drawn(dtype)], BOXES.clone().requires_grad_()
    out = multiscale_roi_align_rotated(maps, boxes, 3, SCALES, 2, **HOW)
    assert out.dtype == dtype
    wide = [each.detach().float().numpy() for each in maps]
    right = kernels.multiscale_roi_align_rotated(wide, BOXES.numpy(), 3, SCALES, 2, **HOW)
    assert torch.equal(out, torch.from_numpy(right).to(dtype))
    out.sum().backward()
    assert [each.grad.dtype for each in (*maps, boxes)] == [dtype] * 3 + [torch.float32]


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    maps, boxes = [each.requires_grad_() for each in drawn()], BOXES.clone().requires_grad_()
    scales = [scale for scale in SCALES for _ in "yx"]
    options = (scales, [2, 2], True, False, "NCHW", None, None, None, 8.0, 2)
    ops = torch.ops.roikit
    torch.library.opcheck(ops.multiscale_roi_align_rotated.default, (maps, boxes, [3, 3], *options))
    grad = torch.ones(5, 3, 3, 3, requires_grad=True)
    shapes = [size for each in maps for size in each.shape]
    torch.library.opcheck(ops.multiscale_roi_align_rotated_backward.default, (grad, BOXES, shapes, *options))
    plain = [each.detach() for each in maps]
    torch.library.opcheck(
        ops.multiscale_roi_align_rotated_backward_boxes.default, (grad.detach(), plain, BOXES, *options)
    )

    def pool(boxes, *maps):
        return multiscale_roi_align_rotated(maps, boxes, 3, SCALES, 2, **HOW)

    out, right = torch.compile(pool, backend="aot_eager", fullgraph=True)(boxes, *maps), pool(boxes, *maps)
    assert torch.equal(out, right)
    for one, other in zip(
        torch.autograd.grad(out.sum(), (boxes, *maps)), torch.autograd.grad(right.sum(), (boxes, *maps)), strict=True
    ):
        assert torch.equal(one, other)


def test_a_dialect_of_ones_own():
    expected = multiscale_roi_align_rotated(drawn(), BOXES, 2, SCALES, clockwise=True, level_rule="detectron2", **HOW)
    own = Dialect(turn="clockwise", level_rule="detectron2", no_level="zero")
    assert torch.equal(multiscale_roi_align_rotated(drawn(), BOXES, 2, SCALES, dialect=own, **HOW), expected)


@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"inputs": [np.ones((1, 4, 2, 2))] * 3}, TypeError, r"inputs\[0\] must be a torch\.Tensor"),
    ({"inputs": torch.ones(1, 4, 2, 2)}, TypeError, "inputs must be a list of tensors"),
    ({"inputs": []}, ValueError, "at least one level"),
    ({"spatial_scales": [1]}, ValueError, "1 spatial_scales for 3 levels"),
    ({"dialect": "none"}, ValueError, "no dialect of multiscale_roi_align_rotated is called"),
    ({"boxes": BOXES[:, :5]}, ValueError, r"boxes must have shape \(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"),
    ({"level_rule": "torchvision"}, ValueError, "level_rule must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(changes, error, message):
    call = {"inputs": drawn(), "boxes": BOXES, "output_size": 2, "spatial_scales": SCALES}
    with pytest.raises(error, match=message):
        multiscale_roi_align_rotated(**(call | changes))
