"""PSRoIAlign of tensors: torchvision's answers, gradients that are derivatives, and PyTorch's ways of looking at operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ops = pytest.importorskip("torchvision.ops")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.choices import MinSize, Offset  # noqa: E402
from roikit.kernels.dialects.ps_roi_align import ChannelOrder, Dialect  # noqa: E402
from roikit.torch import PSRoIAlign, ps_roi_align  # noqa: E402

BOXES = torch.tensor(
    [[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.25], [0, -6, -3, 3, 20], [1, 3, 2, 7, 6], [0, 40, 40, 50, 50.0]]
)
SMOOTH = torch.tensor([[1.1, 0.72, 5.2, 4.91], [-1.3, 2.2, 6.6, 6.1]], dtype=torch.float64)
"""No sample lies on a pixel, nor nearly."""


def drawn(dtype=torch.float32, seed=0):
    """Whole numbers, so that sums are exact."""
    numbers = torch.randint(-9, 10, (2, 18, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


def rows(corners):
    """Boxes of which the first is on image 0 and the second on image 1."""
    return torch.nn.functional.pad(corners, (1, 0)) + torch.tensor([[0.0] * 5, [1.0, 0, 0, 0, 0]], dtype=corners.dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("ratio", [-1, 2])
def test_output_is_torchvisions(dtype, last, ratio):
    x, boxes = drawn(dtype), BOXES.to(dtype)
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    a, b = ps_roi_align(ours, boxes, (3, 2), 0.5, ratio), ops.ps_roi_align(x, boxes, (3, 2), 0.5, ratio)
    torch.testing.assert_close(a, b)
    assert a.is_contiguous(memory_format=torch.channels_last) == last


def test_gradient_is_torchvisions():
    ours, theirs = drawn().requires_grad_(), drawn().requires_grad_()
    a, b = ps_roi_align(ours, BOXES, (3, 2), 1.0, 2), ops.ps_roi_align(theirs, BOXES, (3, 2), 1.0, 2)
    arriving = torch.randint(-4, 5, a.shape).float()
    a.backward(arriving)
    b.backward(arriving)
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("dialect", ["roikit", "roikit-bin-major", "mxnet"])
@pytest.mark.parametrize("ratio", [-1, 2])
def test_gradients_are_derivatives(dialect, ratio):
    how = {"sampling_ratio": ratio, "dialect": dialect}
    x, corners = drawn(torch.float64).requires_grad_(), SMOOTH.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ps_roi_align(x, rows(SMOOTH), (3, 2), 0.8, **how), x)
    assert torch.autograd.gradcheck(lambda c: ps_roi_align(x.detach(), rows(c), (3, 2), 0.8, **how), corners)
    assert torch.autograd.gradgradcheck(lambda x: ps_roi_align(x, rows(SMOOTH), (3, 2), 0.8, **how) ** 2, x)


def test_gradients_of_both_at_once_and_what_has_none():
    x, corners = drawn(torch.float64).requires_grad_(), SMOOTH.clone().requires_grad_()
    out = ps_roi_align(x, rows(corners), (3, 2), 0.8, 2)
    both = torch.autograd.grad(out.sum(), (x, corners))
    alone = torch.autograd.grad(ps_roi_align(x, rows(SMOOTH), (3, 2), 0.8, 2).sum(), x)
    assert torch.equal(both[0], alone[0])
    assert both[1].shape == corners.shape
    (first,) = torch.autograd.grad(ps_roi_align(x, rows(corners), (3, 2), 0.8, 2).sum(), corners, create_graph=True)
    with pytest.raises(NotImplementedError, match="has no gradient of its own"):
        first.sum().backward()


def test_the_second_gradient_of_an_empty_grid_is_0():
    x = drawn(torch.float64).requires_grad_()
    boxes = torch.tensor([[0, 2, 1, 2, 4.0]], dtype=torch.float64)
    out = ps_roi_align(x, boxes, (3, 2), dialect="torchvision")
    assert torch.isnan(out).all()
    arriving = torch.ones_like(out, requires_grad=True)
    (sent,) = torch.autograd.grad(out, x, arriving, create_graph=True)
    (again,) = torch.autograd.grad(sent.sum(), arriving)
    assert not again.any()


def test_lists_of_boxes_and_the_module_are_the_function():
    x = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = ps_roi_align(x, BOXES[order], 3, 0.5, 2)
    assert torch.equal(ps_roi_align(x, listed, 3, 0.5, 2), expected)
    assert torch.equal(PSRoIAlign(3, 0.5, 2)(x, listed), expected)
    torch.testing.assert_close(PSRoIAlign(3, 0.5, 2)(x, listed), ops.PSRoIAlign(3, 0.5, 2)(x, listed))
    assert str(PSRoIAlign(3, 0.5, 2)) == "PSRoIAlign(output_size=3, spatial_scale=0.5, sampling_ratio=2)"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x = drawn().to(dtype).requires_grad_()
    out = ps_roi_align(x, BOXES, 3, 1.0, 2)
    assert out.dtype == dtype
    wide = kernels.ps_roi_align(x.detach().float().numpy(), BOXES.numpy(), 3, 1.0, 2)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
@pytest.mark.parametrize("dialect", [None, "mxnet"])
def test_compiled_and_checked_by_pytorch(dialect):
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    options = ([0.5, 0.5], [2, 2], "NCHW", dialect)
    torch.library.opcheck(torch.ops.roikit.ps_roi_align.default, (x, boxes, [3, 3], *options))
    grad = torch.ones(5, 2, 3, 3, requires_grad=True)
    torch.library.opcheck(torch.ops.roikit.ps_roi_align_backward.default, (grad, BOXES, [2, 18, 9, 11], None, *options))

    def pool(x, boxes):
        return ps_roi_align(x, boxes, 3, 0.5, 2, dialect=dialect)

    out = torch.compile(pool, backend="aot_eager", fullgraph=True)(x, boxes)
    assert torch.equal(out, pool(x, boxes))
    for one, other in zip(
        torch.autograd.grad(out.sum(), (x, boxes)), torch.autograd.grad(pool(x, boxes).sum(), (x, boxes)), strict=True
    ):
        assert torch.equal(one, other)


def test_a_dialect_of_ones_own_reaches_output_and_gradient():
    x = torch.arange(8.0).reshape(1, 8, 1, 1).repeat(1, 1, 4, 4).requires_grad_()
    box = torch.tensor([[0, 0, 0, 3, 3.0]])
    mine = Dialect(offset=Offset.NONE, min_size=MinSize.ONE, channels=ChannelOrder.BIN_MAJOR)
    out = ps_roi_align(x, box, 2, 1.0, 1, dialect=mine)
    assert out.flatten().tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    (grad,) = torch.autograd.grad(out[0, 1, 1, 0], x)
    assert grad.sum(dim=(0, 2, 3)).nonzero().flatten().tolist() == [5]


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="a multiple of 4, not 18"):
        ps_roi_align(drawn(), BOXES, 2)
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        ps_roi_align(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of ps_roi_align is called"):
        ps_roi_align(drawn(), BOXES, 3, dialect="none")
