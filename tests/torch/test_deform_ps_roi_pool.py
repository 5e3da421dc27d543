"""Deformable PSRoIPool of tensors: gradients that are derivatives, of maps and offsets; how PyTorch sees operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.deform_ps_roi_pool import Dialect, Knot, Part  # noqa: E402
from roikit.torch import DeformPSRoIPool, deform_ps_roi_pool  # noqa: E402

BOXES = torch.tensor([[0, 2.3, 1.2, 12.1, 10.4], [1, -3, -4, 5.5, 9], [0, 8, 6, 22.7, 19.1], [1, 4, 4, 4.3, 9]])


def drawn(dtype=torch.float32, channels=12):
    numbers = torch.randint(-9, 10, (2, channels, 9, 11), generator=torch.Generator().manual_seed(0))
    return numbers.to(dtype)


def moves(shape=(4, 2, 3, 2), dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("groups", [None, 1, (1, 2)])
def test_output_is_that_of_the_kernels(last, groups):
    x, offset = drawn(), moves()
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    out = deform_ps_roi_pool(ours, BOXES, (3, 2), 0.5, 2, offset, 0.2, group_size=groups)
    given = x.numpy(), BOXES.numpy(), (3, 2), 0.5, 2, offset.numpy(), 0.2
    torch.testing.assert_close(out, torch.from_numpy(kernels.deform_ps_roi_pool(*given, group_size=groups)))
    assert out.is_contiguous(memory_format=torch.channels_last) == last
    if last:
        return
    still = deform_ps_roi_pool(x, BOXES, (3, 2), 0.5, 2, group_size=groups)
    assert torch.equal(deform_ps_roi_pool(x, BOXES, (3, 2), 0.5, 2, torch.zeros(4, 2, 1, 1), group_size=groups), still)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("groups", "shape"), [((3, 2), (4, 2, 3, 2)), ((1, 2), (4, 4, 2, 3))])
def test_gradients_are_the_derivatives(layout, groups, shape):
    x, offset = drawn(torch.float64), moves(shape, torch.float64).requires_grad_()
    x = (x if layout == "NCHW" else x.permute(0, 2, 3, 1).contiguous()).requires_grad_()

    def pool(x, offset):
        return deform_ps_roi_pool(x, BOXES.double(), (3, 2), 0.9, 2, offset, 0.2, group_size=groups, layout=layout)

    assert torch.autograd.gradcheck(pool, (x, offset))
    assert torch.autograd.gradcheck(lambda x: pool(x, None), (x,))
    assert torch.autograd.gradgradcheck(lambda x: pool(x, offset.detach()) ** 2, x)


def test_boxes_have_no_gradient_and_that_of_offsets_has_none_of_its_own():
    x, boxes, offset = drawn().requires_grad_(), BOXES.clone().requires_grad_(), moves().requires_grad_()
    out = deform_ps_roi_pool(x, boxes, (3, 2), offset=offset).sum()
    of_boxes, of_offset = torch.autograd.grad(out, (boxes, offset), allow_unused=True, create_graph=True)
    assert of_boxes is None
    with pytest.raises(NotImplementedError, match="the gradient for offset has no gradient of its own"):
        of_offset.sum().backward()


def test_an_offset_is_learned():
    """A box beside a spot finds it by an offset alone."""
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    spot = torch.exp(-((x - 9) ** 2 + (y - 5) ** 2) / 12)[None, None]
    box, offset = torch.tensor([[0.0, 6, 7, 8, 9]]), torch.zeros(1, 2, 1, 1, requires_grad=True)
    for _ in range(200):
        loss = 1 - deform_ps_roi_pool(spot, box, 1, 1.0, 4, offset, 1.0).mean()
        (step,) = torch.autograd.grad(loss, offset)
        offset = (offset - 0.5 * step).detach().requires_grad_()
    # Samples of the box, three pixels wide, have their middle at (6⅝, 7⅝).
    torch.testing.assert_close(offset.flatten(), torch.tensor([2.375, -2.625]) / 3, atol=0.1, rtol=0)


def test_the_module_is_the_function():
    x, offset = drawn(), moves((4, 2, 2, 2))
    expected = deform_ps_roi_pool(x, BOXES, 2, 0.5, 2, offset, 0.2)
    assert torch.equal(DeformPSRoIPool(2, 0.5, 2, 0.2)(x, BOXES, offset), expected)
    shown = "DeformPSRoIPool(output_size=2, spatial_scale=0.5, sampling_ratio=4, gamma=0.1, group_size=1)"
    assert str(DeformPSRoIPool(2, 0.5, group_size=1)) == shown


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    if dtype is torch.bfloat16:
        pytest.importorskip("ml_dtypes")
    x, offset = drawn().to(dtype).requires_grad_(), moves(dtype=dtype).requires_grad_()
    out = deform_ps_roi_pool(x, BOXES, (3, 2), offset=offset)
    assert out.dtype == dtype
    given = x.detach().float().numpy(), BOXES.numpy(), (3, 2)
    wide = kernels.deform_ps_roi_pool(*given, offset=offset.detach().float().numpy())
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, offset.grad.dtype) == (dtype, dtype)
    with torch.autocast("cpu", dtype):
        cast = deform_ps_roi_pool(x, BOXES, (3, 2), offset=offset.float())
    assert torch.equal(cast, out)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes, offset = drawn().requires_grad_(), BOXES.clone(), moves().requires_grad_()
    options, ops = ([0.5, 0.5], [2, 2], 0.2, [3, 2], "NCHW", None), torch.ops.roikit
    torch.library.opcheck(ops.deform_ps_roi_pool.default, (x, boxes, offset, [3, 2], *options))
    torch.library.opcheck(ops.deform_ps_roi_pool.default, (x, boxes, None, [3, 2], *options))
    grad = torch.ones(4, 2, 3, 2, requires_grad=True)
    given = grad, BOXES, offset.detach(), [2, 12, 9, 11], *options
    torch.library.opcheck(ops.deform_ps_roi_pool_backward.default, given)
    given = grad.detach(), x.detach(), BOXES, offset.detach(), *options
    torch.library.opcheck(ops.deform_ps_roi_pool_backward_offset.default, given)
    compiled = torch.compile(
        lambda *given: deform_ps_roi_pool(*given[:2], (3, 2), 0.5, 2, given[2]), backend="aot_eager", fullgraph=True
    )
    out, right = compiled(x, boxes, offset), deform_ps_roi_pool(x, boxes, (3, 2), 0.5, 2, offset)
    assert torch.equal(out, right)
    of_both = (torch.autograd.grad(each.sum(), (x, offset)) for each in (out, right))
    assert all(torch.equal(one, other) for one, other in zip(*of_both, strict=True))


def test_a_dialect_of_ones_own():
    x, found = drawn(), []
    boxes = torch.tensor([[0, 3.0, 3, 6, 6]])  # of samples exactly on pixels
    for dialect in ("roikit", "mxnet", Dialect(part=Part.ROUNDED, knot=Knot.NONE)):
        offset = torch.zeros(1, 2, 1, 1, requires_grad=True)
        deform_ps_roi_pool(x, boxes, 1, 0.5, 1, offset, 1.0, group_size=1, dialect=dialect).sum().backward()
        found.append(offset.grad)
    assert found[0].all()
    assert not found[1].any()
    assert torch.equal(found[1], found[2])


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        deform_ps_roi_pool(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(TypeError, match=r"offset must be a torch\.Tensor"):
        deform_ps_roi_pool(drawn(), BOXES, 2, offset=np.ones((4, 2, 2, 2)))
    with pytest.raises(ValueError, match="offset must have 4 dimensions"):
        deform_ps_roi_pool(drawn(), BOXES, 2, offset=torch.ones(4, 8))
    with pytest.raises(ValueError, match="offset has 2 classes, but the output has 3 channels"):
        deform_ps_roi_pool(drawn(), BOXES, 2, offset=torch.ones(4, 4, 2, 1))
    with pytest.raises(ValueError, match="a multiple of 25, not 12"):
        deform_ps_roi_pool(drawn(), BOXES, 2, group_size=5)
    with pytest.raises(ValueError, match="sampling_ratio must be at least 1"):
        deform_ps_roi_pool(drawn(), BOXES, 2, sampling_ratio=0)
    with pytest.raises(ValueError, match="no dialect of deform_ps_roi_pool is called"):
        deform_ps_roi_pool(drawn(), BOXES, 3, dialect="none", group_size=1)
