"""crop_and_resize of tensors: the kernels' answers, gradients that are derivatives, and PyTorch's ways with operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.kernels.dialects.crop_and_resize import Dialect  # noqa: E402
from roikit.torch import CropAndResize, crop_and_resize  # noqa: E402

BOXES = torch.tensor([[0.11, 0.23, 0.71, 0.93], [0.83, 0.97, 0.12, 0.07], [-0.3, -0.2, 1.2, 1.3], [0.4, 0.4, 0.4, 0.4]])
INDICES = torch.tensor([0, 1, 1, 0])


def drawn(dtype=torch.float32, seed=0):
    numbers = torch.randint(-9, 10, (2, 6, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_the_kernels(dtype, last):
    x = drawn(dtype)
    x = x.contiguous(memory_format=torch.channels_last) if last else x
    for method in ("bilinear", "nearest"):
        out = crop_and_resize(x, BOXES, INDICES, (3, 2), method, 5.0)
        wide = torch.float64 if dtype is torch.float64 else torch.float32
        given = x.to(wide).numpy(), BOXES.numpy(), INDICES.numpy(), (3, 2), method, 5.0
        right = torch.from_numpy(kernels.crop_and_resize(*given, layout="NCHW"))
        assert torch.equal(out, right.to(dtype))
        assert out.is_contiguous(memory_format=torch.channels_last) == last


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_gradients_are_the_derivatives_and_that_of_images_has_one(method):
    """Of boxes whose points are near no pixel, nor half-way between two."""
    x, plain = drawn(torch.float64).requires_grad_(), BOXES[:2].double()
    boxes = plain.clone().requires_grad_()

    def crop(x, boxes=plain):
        return crop_and_resize(x, boxes, INDICES[:2], (3, 2), method, 5.0)

    assert torch.autograd.gradcheck(crop, x)
    assert torch.autograd.gradgradcheck(lambda x: crop(x) ** 2, x)
    assert torch.autograd.gradcheck(lambda boxes: crop(x.detach(), boxes), boxes)


def test_the_gradient_for_boxes_of_a_dialect():
    x, boxes = drawn(), BOXES.clone().requires_grad_()
    crop_and_resize(x, boxes, INDICES, 3, "nearest").sum().backward()
    assert not boxes.grad.any()
    found = []
    for dialect in ("tensorflow", Dialect()):
        boxes.grad = None
        crop_and_resize(x, boxes, INDICES, 3, "nearest", dialect=dialect).sum().backward()
        found.append(boxes.grad)
    assert found[0].any()
    assert torch.equal(*found)


def test_nhwc_and_the_module_are_the_function():
    x = drawn()
    right = crop_and_resize(x, BOXES, INDICES, 3, "nearest", -1.0)
    last = crop_and_resize(x.permute(0, 2, 3, 1).contiguous(), BOXES, INDICES, 3, "nearest", -1.0, layout="NHWC")
    assert torch.equal(last.permute(0, 3, 1, 2), right)
    module = CropAndResize(3, "nearest", -1.0)
    assert torch.equal(module(x, BOXES, INDICES.int()), right)
    assert str(module) == "CropAndResize(crop_size=3, method='nearest', extrapolation_value=-1.0)"


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch():
    x, rows = drawn().requires_grad_(), torch.cat([INDICES[:, None].float(), BOXES], 1).requires_grad_()
    options = ("bilinear", 2.0, "NCHW", None)
    ops = torch.ops.roikit
    torch.library.opcheck(ops.crop_and_resize.default, (x, rows, [3, 3], *options))
    grad = torch.ones(4, 6, 3, 3, requires_grad=True)
    torch.library.opcheck(ops.crop_and_resize_backward.default, (grad, rows.detach(), [2, 6, 9, 11], None, *options))
    plain = grad.detach(), x.detach(), rows.detach()
    torch.library.opcheck(ops.crop_and_resize_backward_boxes.default, (*plain, *options))
    compiled = torch.compile(lambda x: crop_and_resize(x, BOXES, INDICES, 3), backend="aot_eager", fullgraph=True)
    assert torch.equal(compiled(x), crop_and_resize(x, BOXES, INDICES, 3))
    (one,) = torch.autograd.grad(compiled(x).sum(), x)
    (other,) = torch.autograd.grad(crop_and_resize(x, BOXES, INDICES, 3).sum(), x)
    assert torch.equal(one, other)


def test_the_gradient_for_boxes_has_none_of_its_own():
    x, boxes = drawn(), BOXES.clone().requires_grad_()
    (moved,) = torch.autograd.grad(crop_and_resize(x, boxes, INDICES, 3).sum(), boxes, create_graph=True)
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        moved.sum().backward()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"image": np.ones((1, 4, 2, 2))}, TypeError, r"image must be a torch\.Tensor"),
        ({"boxes": torch.ones(4, 5)}, ValueError, r"boxes must have shape \(K, 4\)"),
        ({"boxes": BOXES.double()}, TypeError, "boxes has data type torch.float64; it must be float32"),
        ({"box_indices": INDICES.float()}, TypeError, "box_indices has data type torch.float32"),
        ({"box_indices": INDICES[:2]}, ValueError, r"box_indices must have shape \(4,\)"),
        ({"method": "bicubic"}, ValueError, "method must be one of"),
        ({"dialect": "none"}, ValueError, "no dialect of crop_and_resize is called"),
    ],
)
def test_a_wrong_argument_is_named(changes, error, message):
    right = {"image": drawn(), "boxes": BOXES, "box_indices": INDICES, "crop_size": 2}
    with pytest.raises(error, match=message):
        crop_and_resize(**right | changes)
