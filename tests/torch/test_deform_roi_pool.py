"""Deformable RoI pooling of tensors: gradients that are derivatives, of maps, offsets and boxes; how PyTorch sees operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.deform_roi_pool import Dialect, Slope  # noqa: E402
from roikit.torch import (  # noqa: E402
    DeformRoIPool,
    DeformRoIPoolPack,
    ModulatedDeformRoIPoolPack,
    deform_roi_pool,
    roi_align,
)

BOXES = torch.tensor([[0, 2.3, 1.2, 12.1, 10.4], [1, -3, -4, 5.5, 9], [0, 8, 6, 22.7, 19.1], [1, 4, 4, 4.3, 9]])


def drawn(dtype=torch.float32, seed=0):
    numbers = torch.randint(-9, 10, (2, 3, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


def moves(bins=(3, 2), dtype=torch.float32):
    return torch.randn((4, 2, *bins), generator=torch.Generator().manual_seed(5), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_the_kernels(last):
    x, offset = drawn(), moves()
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    out = deform_roi_pool(ours, BOXES, (3, 2), 0.5, 2, offset, 0.2)
    expected = kernels.deform_roi_pool(x.numpy(), BOXES.numpy(), (3, 2), 0.5, 2, offset.numpy(), 0.2)
    torch.testing.assert_close(out, torch.from_numpy(expected))
    assert out.is_contiguous(memory_format=torch.channels_last) == last
    torch.testing.assert_close(deform_roi_pool(x, BOXES, 2, 0.5, 2), roi_align(x, BOXES, 2, 0.5, 2, aligned=True))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_gradients_are_the_derivatives(layout):
    x, offset = drawn(torch.float64), moves(dtype=torch.float64).requires_grad_()
    x = (x if layout == "NCHW" else x.permute(0, 2, 3, 1).contiguous()).requires_grad_()
    boxes = BOXES.double()
    corners = boxes[:, 1:].clone().requires_grad_()

    def pool(x, corners, offset):
        rows = torch.cat([boxes[:, :1], corners], dim=1)
        return deform_roi_pool(x, rows, (3, 2), 0.9, 2, offset, 0.2, layout=layout)

    assert torch.autograd.gradcheck(pool, (x, corners, offset))
    assert torch.autograd.gradcheck(lambda x, corners: pool(x, corners, None), (x, corners))
    assert torch.autograd.gradgradcheck(lambda x: pool(x, corners.detach(), offset.detach()) ** 2, x)


def test_the_gradients_of_offsets_and_boxes_have_none_of_their_own():
    x, boxes, offset = drawn().requires_grad_(), BOXES.clone().requires_grad_(), moves().requires_grad_()
    out = deform_roi_pool(x, boxes, (3, 2), offset=offset).sum()
    of_boxes, of_offset = torch.autograd.grad(out, (boxes, offset), create_graph=True)
    assert not of_boxes[:, 0].any()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()
    with pytest.raises(NotImplementedError, match="the gradient for offset has no gradient of its own"):
        of_offset.sum().backward()


def test_an_offset_is_learned():
    """A box beside a spot finds it by an offset alone."""
    y, x = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    spot = torch.exp(-((x - 9) ** 2 + (y - 5) ** 2) / 12)[None, None]
    box, offset = torch.tensor([[0, 5.5, 6.5, 8.5, 9.5]]), torch.zeros(1, 2, 1, 1, requires_grad=True)
    for _ in range(200):
        loss = 1 - deform_roi_pool(spot, box, 1, 1.0, 4, offset, 1.0).mean()
        (step,) = torch.autograd.grad(loss, offset)
        offset = (offset - 0.5 * step).detach().requires_grad_()
    # The centre of the box, (7, 8) in image pixels, lies at (6.5, 7.5), and it is three pixels wide.
    torch.testing.assert_close(offset.flatten(), torch.tensor([2.5, -2.5]) / 3, atol=0.1, rtol=0)


def test_the_modules_are_the_function():
    x, offset = drawn(), moves((3, 3))
    expected = deform_roi_pool(x, BOXES, 3, 0.5, 2, offset, 0.2)
    assert torch.equal(DeformRoIPool(3, 0.5, 2, 0.2)(x, BOXES, offset), expected)
    shown = "DeformRoIPool(output_size=(3, 3), spatial_scale=0.5, sampling_ratio=2, gamma=0.2, layout='NHWC')"
    assert str(DeformRoIPool(3, 0.5, 2, 0.2, layout="NHWC")) == shown
    still = deform_roi_pool(x, BOXES, 3, 0.5, 2)
    pack, modulated = (each(3, 3, 8, 0.5, 2) for each in (DeformRoIPoolPack, ModulatedDeformRoIPoolPack))
    assert torch.equal(pack(x, BOXES), still)  # before anything is learned
    torch.testing.assert_close(modulated(x, BOXES), still / 2)
    # The names by which weights of mmcv's modules are saved.
    assert list(pack.state_dict()) == [f"offset_fc.{n}.{what}" for n in (0, 2, 4) for what in ("weight", "bias")]
    assert [name for name in modulated.state_dict() if name.startswith("mask")] == [
        f"mask_fc.{n}.{what}" for n in (0, 2) for what in ("weight", "bias")
    ]


@pytest.mark.parametrize("module", [DeformRoIPoolPack, ModulatedDeformRoIPoolPack])
def test_what_modules_learn_is_reached_and_the_same_in_both_layouts(module):
    torch.manual_seed(3)
    x = drawn()
    first = module(2, 3, 8, 0.5, 2)
    for parameter in first.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    last = module(2, 3, 8, 0.5, 2, layout="NHWC")
    last.load_state_dict(first.state_dict())
    out = first(x, BOXES)
    torch.testing.assert_close(last(x.permute(0, 2, 3, 1).contiguous(), BOXES).permute(0, 3, 1, 2), out)
    (out * drawn()[0, 0, 0, :4, None, None, None]).sum().backward()
    assert all(parameter.grad.any() for parameter in first.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    if dtype is torch.bfloat16:
        pytest.importorskip("ml_dtypes")
    x, boxes = drawn().to(dtype).requires_grad_(), BOXES.clone().requires_grad_()
    offset = moves(dtype=dtype).requires_grad_()
    out = deform_roi_pool(x, boxes, (3, 2), offset=offset)
    assert out.dtype == dtype
    wide = kernels.deform_roi_pool(
        x.detach().float().numpy(), BOXES.numpy(), (3, 2), offset=offset.detach().float().numpy()
    )
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, boxes.grad.dtype, offset.grad.dtype) == (dtype, torch.float32, dtype)
    with torch.autocast("cpu", dtype):
        cast = deform_roi_pool(x, BOXES, (3, 2), offset=offset.float())
    assert torch.equal(cast, out)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes, offset = drawn().requires_grad_(), BOXES.clone().requires_grad_(), moves().requires_grad_()
    options, ops = ([0.5, 0.5], [2, 2], 0.2, "NCHW", None), torch.ops.roikit
    torch.library.opcheck(ops.deform_roi_pool.default, (x, boxes, offset, [3, 2], *options))
    torch.library.opcheck(ops.deform_roi_pool.default, (x, boxes, None, [3, 2], *options))
    grad = torch.ones(4, 3, 3, 2, requires_grad=True)
    torch.library.opcheck(ops.deform_roi_pool_backward.default, (grad, BOXES, offset.detach(), [2, 3, 9, 11], *options))
    for last in (ops.deform_roi_pool_backward_offset, ops.deform_roi_pool_backward_boxes):
        torch.library.opcheck(last.default, (grad.detach(), x.detach(), BOXES, offset.detach(), *options))
    compiled = torch.compile(
        lambda *given: deform_roi_pool(*given[:2], (3, 2), 0.5, 2, given[2]), backend="aot_eager", fullgraph=True
    )
    out, right = compiled(x, boxes, offset), deform_roi_pool(x, boxes, (3, 2), 0.5, 2, offset)
    assert torch.equal(out, right)
    of_both = (torch.autograd.grad(each.sum(), (x, boxes, offset)) for each in (out, right))
    assert all(torch.equal(one, other) for one, other in zip(*of_both, strict=True))


def test_a_dialect_of_ones_own():
    x, found = drawn(), []
    for dialect in ("roikit", "mmcv", Dialect(slope=Slope.RAW)):
        offset = moves().requires_grad_()
        deform_roi_pool(x, BOXES, (3, 2), 0.5, 2, offset, 1.0, dialect=dialect).sum().backward()
        found.append(offset.grad)
    assert not torch.equal(found[0], found[1])
    assert torch.equal(found[1], found[2])


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        deform_roi_pool(np.ones((1, 4, 2, 2)), BOXES, 2)
    with pytest.raises(TypeError, match=r"offset must be a torch\.Tensor"):
        deform_roi_pool(drawn(), BOXES, 2, offset=np.ones((4, 2, 2, 2)))
    with pytest.raises(ValueError, match="offset must have 4 dimensions"):
        deform_roi_pool(drawn(), BOXES, 2, offset=torch.ones(4, 8))
    with pytest.raises(ValueError, match=r"offset must have shape \(4, 2, 2, 2\)"):
        deform_roi_pool(drawn(), BOXES, 2, offset=torch.ones(4, 2, 2, 1))
    with pytest.raises(TypeError, match="offset has data type float64"):
        deform_roi_pool(drawn(), BOXES, 2, offset=moves((2, 2), torch.float64))
    with pytest.raises(ValueError, match="no dialect of deform_roi_pool is called"):
        deform_roi_pool(drawn(), BOXES, 3, dialect="none")
