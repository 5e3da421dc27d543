"""RoIAlign of volumes as PyTorch's: values are those of the kernels, and so are gradients, by automatic differentiation."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.roi_align_3d import Dialect  # noqa: E402
from roikit.torch import RoIAlign3d, roi_align_3d  # noqa: E402

BOXES = torch.tensor(
    [
        [0, 0.7, 1.2, 0.6, 4.3, 5.6, 3.9],
        [1, 4.6, 1.3, 0.7, 0.8, 3.7, 2.9],
        [0, -2.2, 0.6, -1.1, 3.3, 4.4, 2.3],
        [1, 1.1, 2.3, 1.4, 3.9, 8.8, 6.3],
    ]
)


def drawn(dtype=torch.float32, layout="NCHW"):
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(-8, 9, (2, 3, 5, 7, 6), generator=generator).to(dtype)
    return x if layout == "NCHW" else x.permute(0, 2, 3, 4, 1).contiguous()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("ratio", [2, (1, 0, 3)])
def test_output_is_that_of_the_kernels(layout, ratio):
    x = drawn(layout=layout)
    expected = kernels.roi_align_3d(x.numpy(), BOXES.numpy(), (2, 3, 1), (0.5, 1.0, 1.0), ratio, layout=layout)
    out = roi_align_3d(x, BOXES, (2, 3, 1), (0.5, 1.0, 1.0), ratio, layout=layout)
    assert torch.equal(out, torch.from_numpy(expected))
    assert torch.equal(RoIAlign3d((2, 3, 1), (0.5, 1.0, 1.0), ratio, layout=layout)(x, BOXES), out)


def test_channels_that_are_last_in_memory_stay_there():
    x = drawn().contiguous(memory_format=torch.channels_last_3d)
    out = roi_align_3d(x, BOXES, 2)
    torch.testing.assert_close(out, roi_align_3d(drawn(), BOXES, 2))
    assert out.permute(0, 2, 3, 4, 1).is_contiguous()


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("how", [{}, {"aligned": True}, {"dialect": "dkfz-aligned"}])
def test_gradients_are_the_derivatives(layout, how):
    x, corners = drawn(torch.float64, layout).requires_grad_(), BOXES[:, 1:].double().requires_grad_()

    def pool(x, corners):
        rows = torch.cat([BOXES[:, :1].double(), corners], 1)
        return roi_align_3d(x, rows, (2, 1, 2), (1.0, 0.5, 0.75), (1, 2, 2), layout=layout, **how)

    assert torch.autograd.gradcheck(pool, (x, corners))
    assert torch.autograd.gradgradcheck(lambda x: pool(x, corners.detach()), (x,))


def weights_along_z(low, high, aligned, depth, bins=2, ratio=2):
    """What each of two bins weighs each slice with, where each has two samples."""
    start = low - 0.5 if aligned else low
    extent = high - low if aligned else max(high - low, 1)
    weights = np.zeros((bins, depth))
    for p, i in np.ndindex(bins, ratio):
        z = start + (p + (i + 0.5) / ratio) * extent / bins
        if -1 <= z <= depth:
            z = min(max(z, 0), depth - 1)
            weights[p, int(z)] += (1 - z % 1) / ratio
            weights[p, min(int(z) + 1, depth - 1)] += z % 1 / ratio
    return torch.from_numpy(weights)


@pytest.mark.parametrize("aligned", [False, True])
def test_it_is_torchvisions_of_slices_put_together(aligned):
    """The output, and by PyTorch's differentiation of that composition the gradient for the volumes, too."""
    ops = pytest.importorskip("torchvision.ops")
    x, rows = drawn(torch.float64).requires_grad_(), BOXES.double()
    flat = rows[:, [0, 1, 2, 4, 5]]
    slices = torch.stack([ops.roi_align(x[:, :, z], flat, (2, 3), 1.0, 2, aligned) for z in range(x.shape[2])], 2)
    weights = torch.stack([weights_along_z(row[3].item(), row[6].item(), aligned, x.shape[2]) for row in rows])
    expected = torch.einsum("kpz,kczhw->kcphw", weights, slices)
    out = roi_align_3d(x, rows, (2, 2, 3), 1.0, 2, aligned)
    torch.testing.assert_close(out, expected)
    grad = torch.rand(out.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ours, theirs = (torch.autograd.grad(each, x, grad)[0] for each in (out, expected))
    torch.testing.assert_close(ours, theirs)


def test_boxes_have_no_second_gradient():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    (of_boxes,) = torch.autograd.grad(roi_align_3d(x, boxes, 2).sum(), boxes, create_graph=True)
    assert not of_boxes[:, 0].any()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x, boxes = drawn().to(dtype).requires_grad_(), BOXES.clone().requires_grad_()
    out = roi_align_3d(x, boxes, 2)
    wide = kernels.roi_align_3d(x.detach().float().numpy(), BOXES.numpy(), 2)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert (x.grad.dtype, boxes.grad.dtype) == (dtype, torch.float32)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, boxes = drawn().requires_grad_(), BOXES.clone().requires_grad_()
    maps = drawn().flatten(2, 3).requires_grad_()
    options = ([1.0, 1.0, 1.0], [2, 2, 2], False, [5, 7], [2, 1], "NCHW", None)
    torch.library.opcheck(torch.ops.roikit.roi_align_3d.default, (maps, boxes, [2, 2], *options))
    grad = torch.ones(4, 3, 2, 2)
    torch.library.opcheck(
        torch.ops.roikit.roi_align_3d_backward.default, (grad, boxes.detach(), [2, 3, 35, 6], None, *options)
    )
    torch.library.opcheck(
        torch.ops.roikit.roi_align_3d_backward_boxes.default, (grad, maps.detach(), boxes.detach(), *options)
    )
    compiled = torch.compile(lambda x, boxes: roi_align_3d(x, boxes, 2), backend="aot_eager", fullgraph=True)
    out, right = compiled(x, boxes), roi_align_3d(x, boxes, 2)
    assert torch.equal(out, right)
    pairs = (torch.autograd.grad(each.sum(), (x, boxes)) for each in (out, right))
    for one, other in zip(*pairs, strict=True):
        assert torch.equal(one, other)


def test_lists_of_boxes_and_empty_calls():
    x = drawn()
    together = torch.cat([BOXES[BOXES[:, 0] == i] for i in range(2)])
    by_image = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    assert torch.equal(roi_align_3d(x, by_image, 2), roi_align_3d(x, together, 2))
    assert roi_align_3d(x, BOXES[:0], (2, 3, 4)).shape == (0, 3, 2, 3, 4)
    assert roi_align_3d(x, BOXES, (2, 0, 4)).shape == (4, 3, 2, 0, 4)


def test_a_dialect_of_ones_own_and_a_module_that_says_what_it_is():
    x = drawn()
    expected = roi_align_3d(x, BOXES, 2, aligned=True)
    assert torch.equal(roi_align_3d(x, BOXES, 2, dialect=Dialect(offset="half", min_size="none")), expected)
    assert not torch.equal(roi_align_3d(x, BOXES, 2), expected)
    module = RoIAlign3d(2, sampling_ratio=(1, 2, 2), aligned=True)
    assert str(module) == "RoIAlign3d(output_size=2, spatial_scale=1.0, sampling_ratio=(1, 2, 2), aligned=True)"


def test_a_wrong_argument_is_named():
    with pytest.raises(TypeError, match=r"input must be a torch\.Tensor"):
        roi_align_3d(np.ones((1, 2, 3, 4, 5)), BOXES, 2)
    with pytest.raises(ValueError, match="input must have 5 dimensions"):
        roi_align_3d(drawn()[0], BOXES, 2)
    with pytest.raises(ValueError, match="no dialect of roi_align_3d is called"):
        roi_align_3d(drawn(), BOXES, 2, dialect="none")
    with pytest.raises(ValueError, match=r"boxes must have shape \(K, 7\)"):
        roi_align_3d(drawn(), BOXES[:, :5], 2)
    with pytest.raises(ValueError, match="output_size must be one number or"):
        roi_align_3d(drawn(), BOXES, (2, 2))
    with pytest.raises(TypeError, match="spatial_scale must be a number or"):
        roi_align_3d(drawn(), BOXES, 2, "half")
