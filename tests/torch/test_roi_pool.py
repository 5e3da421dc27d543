"""RoIPool of tensors: torchvision's answers, gradients, and PyTorch's ways of looking at operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ops = pytest.importorskip("torchvision.ops")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.choices import BinEdges  # noqa: E402
from roikit.kernels.dialects.roi_pool import Dialect  # noqa: E402
from roikit.torch import RoIPool, roi_pool  # noqa: E402

BOXES = torch.tensor(
    [[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.25], [0, -6, -3, 3, 20], [1, 4, 4, 1, 1], [0, 40, 40, 50, 50.0]]
)


def drawn(dtype=torch.float32, seed=0):
    """Distinct numbers: of ties torchvision's gradient may choose another."""
    numbers = torch.randperm(2 * 5 * 9 * 11, generator=torch.Generator().manual_seed(seed))
    return (numbers.reshape(2, 5, 9, 11) - 400).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("last", [False, True])
def test_output_and_gradient_are_torchvisions(dtype, last):
    ours, theirs = drawn(dtype), drawn(dtype)
    if last:
        ours = ours.contiguous(memory_format=torch.channels_last)
    ours.requires_grad_()
    theirs.requires_grad_()
    boxes = BOXES.to(dtype)
    a, b = roi_pool(ours, boxes, (3, 2), 0.5), ops.roi_pool(theirs, boxes, (3, 2), 0.5)
    assert torch.equal(a, b)
    assert a.is_contiguous(memory_format=torch.channels_last) == last
    arriving = torch.randint(-4, 5, a.shape).to(dtype)
    a.backward(arriving)
    b.backward(arriving)
    assert torch.equal(ours.grad, theirs.grad)


def test_lists_of_boxes_and_the_module_are_the_function():
    x = drawn()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = roi_pool(x, BOXES[order], 2, 0.5)
    assert torch.equal(roi_pool(x, listed, 2, 0.5), expected)
    assert torch.equal(RoIPool(2, 0.5)(x, listed), expected)
    assert torch.equal(RoIPool(2, 0.5)(x, listed), ops.RoIPool(2, 0.5)(x, listed))
    assert str(RoIPool(2, 0.5)) == "RoIPool(output_size=2, spatial_scale=0.5)"


def test_the_gradient_of_an_average_is_its_transpose():
    x = drawn(torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: roi_pool(x, BOXES.double(), 2, mode="avg"), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x = drawn().clamp(-100, 100).to(dtype).requires_grad_()
    out = roi_pool(x, BOXES, 2)
    assert out.dtype == dtype
    assert np.array_equal(out.detach().float().numpy(), kernels.roi_pool(x.detach().float().numpy(), BOXES.numpy(), 2))
    out.sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
@pytest.mark.parametrize("dialect", [None, "torchvision"])
def test_compiled_and_checked_by_pytorch(dialect):
    x = drawn().requires_grad_()
    options = ([0.5, 0.5], "max", "NCHW", dialect)
    torch.library.opcheck(torch.ops.roikit.roi_pool.default, (x, BOXES, [2, 2], *options))
    compiled = torch.compile(lambda x: roi_pool(x, BOXES, 2, 0.5, dialect=dialect), backend="aot_eager", fullgraph=True)
    out = compiled(x)
    assert torch.equal(out, roi_pool(x, BOXES, 2, 0.5, dialect=dialect))
    (one,) = torch.autograd.grad(out.sum(), x)
    (other,) = torch.autograd.grad(roi_pool(x, BOXES, 2, 0.5, dialect=dialect).sum(), x)
    assert torch.equal(one, other)


def test_a_dialect_of_ones_own_reaches_output_and_gradient():
    """In float32 the last of 7 bins over 57 pixels has one pixel more."""
    x = torch.arange(60.0).reshape(1, 1, 1, 60).requires_grad_()
    box = torch.tensor([[0, 0, 0, 56, 0.0]])
    for edges, last in ((BinEdges.FLOAT32, 57), (BinEdges.EXACT, 56)):
        out = roi_pool(x, box, (1, 7), dialect=Dialect(edges=edges))
        assert out[0, 0, 0, 6] == last
        (grad,) = torch.autograd.grad(out[0, 0, 0, 6], x)
        assert grad.nonzero().tolist() == [[0, 0, 0, last]]


def test_there_is_no_second_gradient_and_none_of_boxes():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    out = roi_pool(x, boxes, 2)
    (first,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    with pytest.raises((NotImplementedError, RuntimeError)):
        first.sum().backward()
    roi_pool(x, boxes, 2).sum().backward()
    assert boxes.grad is None


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="mode must be one of"):
        roi_pool(drawn(), BOXES, 2, mode="sum")
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        roi_pool(np.ones((1, 1, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of roi_pool is called"):
        roi_pool(drawn(), BOXES, 2, dialect="none")
