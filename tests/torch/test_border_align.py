"""BorderAlign of tensors: what kernels give, gradients that are derivatives, of maps and boxes; how PyTorch sees operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.border_align import Dialect  # noqa: E402
from roikit.torch import BorderAlign, border_align  # noqa: E402

BOXES = torch.tensor(
    [[0, 1.25, 2.5, 6.75, 7.125], [1, 6.5, 0.25, 2.125, 4.75], [0, -2.5, 1.75, 5.25, 10.5], [1, 3, 4, 3, 4.0]]
)


def drawn(dtype=torch.float32, seed=0):
    numbers = torch.randint(-9, 10, (2, 12, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_the_kernels(last):
    x = drawn()
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    expected = torch.from_numpy(kernels.border_align(x.numpy(), BOXES.numpy(), 3))
    torch.testing.assert_close(border_align(ours, BOXES, 3), expected)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_boxes_of_images_are_rows(layout):
    x = drawn() if layout == "NCHW" else drawn().permute(0, 2, 3, 1).contiguous()
    boxes = BOXES[[0, 2, 1, 3], 1:].reshape(2, 2, 4)
    out = border_align(x, boxes, 4, layout=layout)
    assert torch.equal(out, torch.from_numpy(kernels.border_align(x.numpy(), boxes.numpy(), 4, layout=layout)))
    assert torch.equal(BorderAlign(4, layout=layout)(x, boxes), out)
    rows = border_align(x, list(boxes), 4, layout=layout)
    assert torch.equal(out if layout == "NHWC" else out.transpose(1, 2), rows.reshape(2, 2, *rows.shape[1:]))
    assert border_align(x, boxes[:, :0], 4, layout=layout).shape == ((2, 0, 4, 3) if layout == "NHWC" else (2, 3, 0, 4))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("dialect", [None, "roikit-aligned"])
def test_gradients_are_the_derivatives(layout, dialect):
    generator = torch.Generator().manual_seed(1)
    x = torch.rand((2, 8, 7, 6), generator=generator, dtype=torch.float64)  # of which no two points are equal
    x = (x if layout == "NCHW" else x.permute(0, 2, 3, 1).contiguous()).requires_grad_()
    boxes = torch.tensor(
        [[[0.7, 1.2, 4.3, 5.6], [4.6, 1.3, 0.8, 3.7]], [[-2.2, 0.6, 3.3, 4.4], [1.1, 2.3, 3.9, 8.8]]]
    ).double()
    boxes.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, boxes: border_align(x, boxes, 3, layout=layout, dialect=dialect), (x, boxes)
    )


def test_gradients_have_none_of_their_own():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    of_maps, of_boxes = torch.autograd.grad(border_align(x, boxes, 2).sum(), (x, boxes), create_graph=True)
    assert not of_boxes[:, 0].any()
    with pytest.raises(NotImplementedError, match="border_align has no gradient of its own"):
        of_maps.sum().backward(retain_graph=True)
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x, boxes = drawn().to(dtype).requires_grad_(), BOXES.clone().requires_grad_()
    out = border_align(x, boxes, 4)
    wide = kernels.border_align(x.detach().float().numpy(), BOXES.numpy(), 4)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, boxes.grad.dtype) == (dtype, torch.float32)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    options = (3, "NCHW", None)
    torch.library.opcheck(torch.ops.roikit.border_align.default, (x, boxes, [1, 4], *options))
    grad = torch.ones(4, 3, 1, 4)
    given = grad, boxes.detach(), [2, 12, 9, 11], x.detach(), *options
    torch.library.opcheck(torch.ops.roikit.border_align_backward.default, given)
    given = grad, x.detach(), boxes.detach(), *options
    torch.library.opcheck(torch.ops.roikit.border_align_backward_boxes.default, given)
    compiled = torch.compile(lambda x, boxes: border_align(x, boxes, 3), backend="aot_eager", fullgraph=True)
    out, right = compiled(x, boxes), border_align(x, boxes, 3)
    assert torch.equal(out, right)
    pairs = (torch.autograd.grad(each.sum(), (x, boxes)) for each in (out, right))
    for one, other in zip(*pairs, strict=True):
        assert torch.equal(one, other)


def test_a_dialect_of_ones_own_and_a_module_that_says_what_it_is():
    x = drawn()
    expected = border_align(x, BOXES, 2, dialect="roikit-aligned")
    assert torch.equal(border_align(x, BOXES, 2, dialect=Dialect(offset="half")), expected)
    assert not torch.equal(border_align(x, BOXES, 2), expected)
    assert str(BorderAlign(2, layout="NHWC")) == "BorderAlign(pool_size=2, layout='NHWC')"


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        border_align(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of border_align is called"):
        border_align(drawn(), BOXES, 3, dialect="none")
    with pytest.raises(ValueError, match=r"boxes must have shape \(N, L, 4\)"):
        border_align(drawn(), BOXES[None], 3)
    with pytest.raises(ValueError, match="a multiple of 4, not 11"):
        border_align(drawn()[:, :11], BOXES, 3)
    with pytest.raises(ValueError, match="pool_size must be from 1 to 1024"):
        border_align(drawn(), BOXES, 0)
