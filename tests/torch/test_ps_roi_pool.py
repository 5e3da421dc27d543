"""PSRoIPool of tensors: torchvision's answers, gradients that are derivatives, and PyTorch's ways of looking at operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ops = pytest.importorskip("torchvision.ops")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.choices import BinEdges  # noqa: E402
from roikit.kernels.dialects.ps_roi_pool import Clip, Dialect  # noqa: E402
from roikit.torch import PSRoIPool, ps_roi_pool  # noqa: E402

BOXES = torch.tensor(
    [[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.25], [0, -6, -3, 3, 20], [1, 4, 4, 1, 1], [0, 40, 40, 50, 50.0]]
)
INSIDE = torch.tensor([[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.25], [0, 2, 3, 6, 7.0]])


def drawn(dtype=torch.float32, seed=0):
    """Whole numbers, so that sums are exact."""
    numbers = torch.randint(-9, 10, (2, 18, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("last", [False, True])
def test_output_is_torchvisions(dtype, last):
    x, boxes = drawn(dtype), BOXES.to(dtype)
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    a, b = ps_roi_pool(ours, boxes, (3, 2), 0.5), ops.ps_roi_pool(x, boxes, (3, 2), 0.5)
    torch.testing.assert_close(a, b)
    assert a.is_contiguous(memory_format=torch.channels_last) == last


def test_gradient_is_torchvisions_where_that_is_the_derivative():
    """Inside the map; at its edge torchvision sends to pixels that it never reads."""
    ours, theirs = drawn().requires_grad_(), drawn().requires_grad_()
    a, b = ps_roi_pool(ours, INSIDE, (3, 2)), ops.ps_roi_pool(theirs, INSIDE, (3, 2))
    arriving = torch.randint(-4, 5, a.shape).float()
    a.backward(arriving)
    b.backward(arriving)
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_gradient_is_the_derivative_once_and_twice():
    x = drawn(torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ps_roi_pool(x, BOXES.double(), (3, 2), 0.5), x)
    assert torch.autograd.gradgradcheck(lambda x: ps_roi_pool(x, BOXES.double(), (3, 2), 0.5) ** 2, x)
    last = drawn(torch.float64).permute(0, 2, 3, 1).contiguous().requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: ps_roi_pool(x, BOXES.double(), (3, 2), layout="NHWC") ** 2, last)


def test_lists_of_boxes_and_the_module_are_the_function():
    x = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = ps_roi_pool(x, BOXES[order], 3, 0.5)
    assert torch.equal(ps_roi_pool(x, listed, 3, 0.5), expected)
    assert torch.equal(PSRoIPool(3, 0.5)(x, listed), expected)
    torch.testing.assert_close(PSRoIPool(3, 0.5)(x, listed), ops.PSRoIPool(3, 0.5)(x, listed))
    assert str(PSRoIPool(3, 0.5)) == "PSRoIPool(output_size=3, spatial_scale=0.5)"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x = drawn().to(dtype).requires_grad_()
    out = ps_roi_pool(x, BOXES, 3)
    assert out.dtype == dtype
    wide = kernels.ps_roi_pool(x.detach().float().numpy(), BOXES.numpy(), 3)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
@pytest.mark.parametrize("dialect", [None, "mxnet"])
def test_compiled_and_checked_by_pytorch(dialect):
    x = drawn().requires_grad_()
    options = ([0.5, 0.5], "NCHW", dialect)
    torch.library.opcheck(torch.ops.roikit.ps_roi_pool.default, (x, BOXES, [3, 3], *options))
    grad = torch.ones(5, 2, 3, 3, requires_grad=True)
    torch.library.opcheck(torch.ops.roikit.ps_roi_pool_backward.default, (grad, BOXES, [2, 18, 9, 11], None, *options))
    compiled = torch.compile(
        lambda x: ps_roi_pool(x, BOXES, 3, 0.5, dialect=dialect), backend="aot_eager", fullgraph=True
    )
    out = compiled(x)
    assert torch.equal(out, ps_roi_pool(x, BOXES, 3, 0.5, dialect=dialect))
    (one,) = torch.autograd.grad(out.sum(), x)
    (other,) = torch.autograd.grad(ps_roi_pool(x, BOXES, 3, 0.5, dialect=dialect).sum(), x)
    assert torch.equal(one, other)


def test_a_dialect_of_ones_own_reaches_output_and_gradient():
    x, box = torch.ones(1, 1, 3, 3).requires_grad_(), torch.tensor([[0, 0, 0, 3, 3.0]])
    for clip, count in ((Clip.MAP, 9), (Clip.BEFORE_LAST, 4)):
        out = ps_roi_pool(x, box, 1, dialect=Dialect(clip=clip, edges=BinEdges.FLOAT32))
        (grad,) = torch.autograd.grad(out.sum(), x)
        assert int((grad != 0).sum()) == count


def test_there_is_no_gradient_of_boxes():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    ps_roi_pool(x, boxes, 3).sum().backward()
    assert boxes.grad is None


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="a multiple of 4, not 18"):
        ps_roi_pool(drawn(), BOXES, 2)
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        ps_roi_pool(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of ps_roi_pool is called"):
        ps_roi_pool(drawn(), BOXES, 3, dialect="none")
