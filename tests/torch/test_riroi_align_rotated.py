"""Rotation-invariant RoIAlign of tensors: gradients that are derivatives, of maps and boxes; how PyTorch sees operators."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.riroi_align_rotated import Dialect, Turn  # noqa: E402
from roikit.torch import RiRoIAlignRotated, riroi_align_rotated  # noqa: E402

BOXES = torch.tensor(
    [
        [0, 5, 4, 4, 3, 0.3],
        [1, 6.25, 5, 7, 4.3, -1.2],
        [0, 1, 2, 6, 9, 2.5],
        [1, 4.1, 5.3, 0.4, 0.6, 4],
        [1, 4, 4, 3, 3, 0.7],
    ]
)


def drawn(dtype=torch.float32, seed=0):
    numbers = torch.randint(-9, 10, (2, 8, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_the_kernels(last):
    x = drawn()
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    out = riroi_align_rotated(ours, BOXES, (3, 2), 0.5, 2)
    expected = torch.from_numpy(kernels.riroi_align_rotated(x.numpy(), BOXES.numpy(), (3, 2), 0.5, 2))
    torch.testing.assert_close(out, expected)
    assert out.is_contiguous(memory_format=torch.channels_last) == last


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("how", [{}, {"clockwise": True}, {"num_orientations": 2}, {"dialect": "mmcv"}])
def test_gradients_are_the_derivatives(layout, how):
    x = drawn(torch.float64)
    x = (x if layout == "NCHW" else x.permute(0, 2, 3, 1).contiguous()).requires_grad_()
    boxes = BOXES.double()
    numbers = boxes[:, 1:].clone().requires_grad_()

    def pool(x, numbers):
        rows = torch.cat([boxes[:, :1], numbers], dim=1)
        return riroi_align_rotated(x, rows, (3, 2), 0.9, 2, layout=layout, **how)

    assert torch.autograd.gradcheck(pool, (x, numbers))
    assert torch.autograd.gradgradcheck(lambda x: pool(x, numbers.detach()) ** 2, x)


def test_the_gradient_of_boxes_has_none_of_its_own():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    (of_boxes,) = torch.autograd.grad(riroi_align_rotated(x, boxes, 3).sum(), boxes, create_graph=True)
    assert not of_boxes[:, 0].any()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


def test_an_angle_is_learned_from_orientations_alone():
    """On maps without any slope only the mixture of orientations tells a box how it is turned."""
    maps = torch.tensor([0.0, 1, 2, 4])[None, :, None, None].expand(1, 4, 8, 8).contiguous()
    angle = torch.tensor(0.2, requires_grad=True)
    for _ in range(200):
        box = torch.cat([torch.tensor([0, 4, 4, 2, 2.0]), angle[None]])[None]
        found = riroi_align_rotated(maps, box, 1, num_orientations=4)[0, 2, 0, 0]  # from 2 to 4 in a quarter turn
        (step,) = torch.autograd.grad((found - 3.2) ** 2, angle)
        angle = (angle - 0.1 * step).detach().requires_grad_()
    torch.testing.assert_close(angle, torch.tensor(0.6 * math.pi / 2), atol=1e-3, rtol=0)


def test_lists_of_boxes_and_the_module_are_the_function():
    x = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = riroi_align_rotated(x, BOXES[order], 3, 0.5, 2)
    assert torch.equal(riroi_align_rotated(x, listed, 3, 0.5, 2), expected)
    assert torch.equal(RiRoIAlignRotated(3, 0.5, 2)(x, listed), expected)
    shown = "RiRoIAlignRotated(output_size=3, spatial_scale=0.5, sampling_ratio=2, clockwise=True)"
    assert str(RiRoIAlignRotated(3, 0.5, 2, clockwise=True)) == shown


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x, boxes = drawn().to(dtype).requires_grad_(), BOXES.clone().requires_grad_()
    out = riroi_align_rotated(x, boxes, 3)
    assert out.dtype == dtype
    wide = kernels.riroi_align_rotated(x.detach().float().numpy(), BOXES.numpy(), 3)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, boxes.grad.dtype) == (dtype, torch.float32)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    options = ([0.5, 0.5], [2, 2], 4, False, "NCHW", None)
    torch.library.opcheck(torch.ops.roikit.riroi_align_rotated.default, (x, boxes, [3, 3], *options))
    grad = torch.ones(5, 8, 3, 3, requires_grad=True)
    torch.library.opcheck(
        torch.ops.roikit.riroi_align_rotated_backward.default, (grad, BOXES, [2, 8, 9, 11], None, *options)
    )
    torch.library.opcheck(
        torch.ops.roikit.riroi_align_rotated_backward_boxes.default, (grad.detach(), x.detach(), BOXES, *options)
    )
    compiled = torch.compile(
        lambda x, boxes: riroi_align_rotated(x, boxes, 3, 0.5), backend="aot_eager", fullgraph=True
    )
    out, right = compiled(x, boxes), riroi_align_rotated(x, boxes, 3, 0.5)
    assert torch.equal(out, right)
    for one, other in zip(
        torch.autograd.grad(out.sum(), (x, boxes)), torch.autograd.grad(right.sum(), (x, boxes)), strict=True
    ):
        assert torch.equal(one, other)


def test_a_dialect_of_ones_own():
    x = drawn()
    expected = riroi_align_rotated(x, BOXES, 2, clockwise=True)
    assert torch.equal(riroi_align_rotated(x, BOXES, 2, dialect=Dialect(turn=Turn.CLOCKWISE)), expected)


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        riroi_align_rotated(np.ones((1, 8, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of riroi_align_rotated is called"):
        riroi_align_rotated(drawn(), BOXES, 3, dialect="none")
    with pytest.raises(ValueError, match=r"boxes must have shape \(K, 6\), rows \[batch_index, cx, cy, w, h, angle\]"):
        riroi_align_rotated(drawn(), BOXES[:, :5], 3)
    with pytest.raises(ValueError, match="num_orientations must divide the channels"):
        riroi_align_rotated(drawn(), BOXES, 3, num_orientations=3)
    with pytest.raises(ValueError, match="two would shear a rotated box"):
        riroi_align_rotated(drawn(), BOXES, 3, (0.5, 0.25))
