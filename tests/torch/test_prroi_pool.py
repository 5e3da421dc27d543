"""PrRoIPool of tensors: gradients that are derivatives, of maps and of boxes, and PyTorch's ways of looking at operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.prroi_pool import Dialect, FlatBox  # noqa: E402
from roikit.torch import PrRoIPool, prroi_pool  # noqa: E402

BOXES = torch.tensor(
    [[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.3], [0, -6, -3, 3, 20], [1, 4.1, 5.3, 4.4, 5.6], [1, 4, 4, 1, 1.0]]
)


def drawn(dtype=torch.float32, seed=0):
    numbers = torch.randint(-9, 10, (2, 3, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_the_kernels(last):
    x = drawn()
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    out = prroi_pool(ours, BOXES, (3, 2), 0.5)
    expected = torch.from_numpy(kernels.prroi_pool(x.numpy(), BOXES.numpy(), (3, 2), 0.5))
    torch.testing.assert_close(out, expected)
    assert out.is_contiguous(memory_format=torch.channels_last) == last


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_gradients_are_the_derivatives(layout):
    x = drawn(torch.float64)
    x = (x if layout == "NCHW" else x.permute(0, 2, 3, 1).contiguous()).requires_grad_()
    boxes = BOXES[:4].double()
    corners = boxes[:, 1:].clone().requires_grad_()

    def pool(x, corners):
        return prroi_pool(x, torch.cat([boxes[:, :1], corners], dim=1), (3, 2), 0.9, layout=layout)

    assert torch.autograd.gradcheck(pool, (x, corners))
    assert torch.autograd.gradgradcheck(lambda x: pool(x, corners.detach()) ** 2, x)


def test_the_gradient_of_boxes_has_none_of_its_own():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    (of_boxes,) = torch.autograd.grad(prroi_pool(x, boxes, 3).sum(), boxes, create_graph=True)
    assert not of_boxes[:, 0].any()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


def test_boxes_are_learned():
    """A box finds the blob that it is to lie on, which no rounded pool could tell it."""
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(24.0), indexing="ij")
    blob = torch.exp(-((y - 14) ** 2 + (x - 9) ** 2) / 40)[None, None]
    centre = torch.tensor([12.0, 11.0], requires_grad=True)
    for _ in range(200):
        box = torch.cat([torch.zeros(1), centre - 3, centre + 3])[None]
        (step,) = torch.autograd.grad(prroi_pool(blob, box, 1).sum(), centre)
        centre = (centre + 20 * step).detach().requires_grad_()
    torch.testing.assert_close(centre, torch.tensor([9.0, 14.0]), atol=0.02, rtol=0)


def test_lists_of_boxes_and_the_module_are_the_function():
    x = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = prroi_pool(x, BOXES[order], 3, 0.5)
    assert torch.equal(prroi_pool(x, listed, 3, 0.5), expected)
    assert torch.equal(PrRoIPool(3, 0.5)(x, listed), expected)
    assert str(PrRoIPool(3, 0.5)) == "PrRoIPool(output_size=3, spatial_scale=0.5)"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x, boxes = drawn().to(dtype).requires_grad_(), BOXES.clone().requires_grad_()
    out = prroi_pool(x, boxes, 3)
    assert out.dtype == dtype
    wide = kernels.prroi_pool(x.detach().float().numpy(), BOXES.numpy(), 3)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, boxes.grad.dtype) == (dtype, torch.float32)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes, options = drawn().requires_grad_(), BOXES.clone().requires_grad_(), ([0.5, 0.5], "NCHW", None)
    torch.library.opcheck(torch.ops.roikit.prroi_pool.default, (x, boxes, [3, 3], *options))
    grad = torch.ones(5, 3, 3, 3, requires_grad=True)
    torch.library.opcheck(torch.ops.roikit.prroi_pool_backward.default, (grad, BOXES, [2, 3, 9, 11], None, *options))
    torch.library.opcheck(
        torch.ops.roikit.prroi_pool_backward_boxes.default, (grad.detach(), x.detach(), BOXES, *options)
    )
    compiled = torch.compile(lambda x, boxes: prroi_pool(x, boxes, 3, 0.5), backend="aot_eager", fullgraph=True)
    out, right = compiled(x, boxes), prroi_pool(x, boxes, 3, 0.5)
    assert torch.equal(out, right)
    for one, other in zip(
        torch.autograd.grad(out.sum(), (x, boxes)), torch.autograd.grad(right.sum(), (x, boxes)), strict=True
    ):
        assert torch.equal(one, other)


def test_a_dialect_of_ones_own_reaches_the_gradient_for_boxes():
    x = torch.ones(1, 1, 3, 3)
    for flat, expected in ((FlatBox.ZERO, False), (FlatBox.NAN, True)):
        box = torch.tensor([[0, 1, 0, 1, 3.0]], requires_grad=True)
        prroi_pool(x, box, 1, dialect=Dialect(flat_box=flat)).sum().backward()
        assert bool(box.grad[0, 1:].isnan().all()) == expected


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        prroi_pool(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of prroi_pool is called"):
        prroi_pool(drawn(), BOXES, 3, dialect="none")
