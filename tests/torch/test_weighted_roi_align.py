"""Weighted RoIAlign of tensors: gradients that are derivatives, and PyTorch's ways of looking at operators."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from roikit.torch import WeightedRoIAlign, roi_align, weighted_roi_align  # noqa: E402

BOXES = torch.tensor(
    [[0, 1, 1, 5, 5], [1, 0.25, 0, 9, 3.25], [0, -6, -3, 3, 20], [1, 3, 2, 7, 6], [0, 40, 40, 50, 50.0]]
)
SMOOTH = torch.tensor([[1.1, 0.72, 5.2, 4.91], [-1.3, 2.2, 6.6, 6.1]], dtype=torch.float64)
"""No sample lies on a pixel, nor nearly."""
GUARDS = [{}, {"normalise": True}, *({"normalise": True, "guard": g, "epsilon": 0.5} for g in ("add", "clamp"))]


def drawn(dtype=torch.float32, channels=3, seed=0):
    """Whole numbers, so that sums are exact."""
    numbers = torch.randint(-9, 10, (2, channels, 9, 11), generator=torch.Generator().manual_seed(seed))
    return numbers.to(dtype)


def weights(dtype=torch.float32, channels=1):
    return drawn(dtype, channels, 1).abs() + 1


def rows(corners):
    """Boxes of which the first is on image 0 and the second on image 1."""
    return torch.nn.functional.pad(corners, (1, 0)) + torch.tensor([[0.0] * 5, [1.0, 0, 0, 0, 0]], dtype=corners.dtype)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_output_is_that_of_two_calls_of_roi_align(last, channels):
    x, w = drawn(torch.float64), weights(torch.float64, channels)
    ours = x.contiguous(memory_format=torch.channels_last) if last else x
    w = w.contiguous(memory_format=torch.channels_last) if last else w
    out = weighted_roi_align(ours, BOXES.double(), w, (3, 2), 0.5, 2, True)
    torch.testing.assert_close(out, roi_align(x * w, BOXES.double(), (3, 2), 0.5, 2, True))
    assert out.is_contiguous(memory_format=torch.channels_last) == last


@pytest.mark.parametrize("how", GUARDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_derivatives(how, channels):
    x, w = drawn(torch.float64).requires_grad_(), weights(torch.float64, channels).requires_grad_()
    corners, where = SMOOTH.clone().requires_grad_(), ((3, 2), 0.8, 2, True)
    assert torch.autograd.gradcheck(lambda x, w: weighted_roi_align(x, rows(SMOOTH), w, *where, **how), (x, w))
    fixed = x.detach(), w.detach()
    assert torch.autograd.gradcheck(lambda c: weighted_roi_align(fixed[0], rows(c), fixed[1], *where, **how), corners)
    assert torch.autograd.gradgradcheck(lambda x: weighted_roi_align(x, rows(SMOOTH), fixed[1], *where, **how) ** 2, x)


def test_gradients_of_all_at_once_and_what_has_none():
    x, w = drawn(torch.float64).requires_grad_(), weights(torch.float64).requires_grad_()
    corners, how = SMOOTH.clone().requires_grad_(), {"sampling_ratio": 2, "normalise": True}
    out = weighted_roi_align(x, rows(corners), w, 2, 0.8, **how)
    together = torch.autograd.grad(out.sum(), (x, w, corners), create_graph=True)
    assert [tensor.shape for tensor in together] == [x.shape, w.shape, corners.shape]
    alone = torch.autograd.grad(weighted_roi_align(x, rows(SMOOTH), w.detach(), 2, 0.8, **how).sum(), x)
    assert torch.equal(together[0], alone[0])
    for gradient, of in zip(together, ("maps", "weights", "boxes"), strict=True):
        with pytest.raises(NotImplementedError, match=f"the gradient for {of} has"):
            gradient.sum().backward(retain_graph=True)


def test_lists_of_boxes_and_the_module_are_the_function():
    x, w = drawn(), weights()
    listed = [BOXES[BOXES[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(BOXES[:, 0] == i).flatten() for i in range(2)])
    expected = weighted_roi_align(x, BOXES[order], w, 3, 0.5, 2, True, normalise=True)
    assert torch.equal(weighted_roi_align(x, listed, w, 3, 0.5, 2, True, normalise=True), expected)
    module = WeightedRoIAlign(3, 0.5, 2, True, normalise=True)
    assert torch.equal(module(x, listed, w), expected)
    shown = "WeightedRoIAlign(output_size=3, spatial_scale=0.5, sampling_ratio=2, aligned=True, normalise=True)"
    assert str(module) == shown


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(dtype):
    x, w = drawn().to(dtype).requires_grad_(), weights().to(dtype).requires_grad_()
    out = weighted_roi_align(x, BOXES, w, 3, 1.0, 2)
    assert out.dtype == dtype
    wide = kernels.weighted_roi_align(x.detach().float().numpy(), BOXES.numpy(), w.detach().float().numpy(), 3, 1.0, 2)
    assert torch.equal(out, torch.from_numpy(wide).to(dtype))
    out.sum().backward()
    assert x.grad.dtype == w.grad.dtype == dtype


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
@pytest.mark.parametrize("dialect", [None, "mmcv"])
def test_compiled_and_checked_by_pytorch(dialect):
    x, w, boxes = drawn().requires_grad_(), weights().requires_grad_(), BOXES.clone().requires_grad_()
    options = ([0.5, 0.5], [2, 2], False, "avg", 3.0, 1.0, True, "add", 0.5, "images", "NCHW", dialect)
    torch.library.opcheck(torch.ops.roikit.weighted_roi_align.default, (x, boxes, w, [3, 3], *options))
    grad = torch.ones(5, 3, 3, 3, requires_grad=True)
    gather = torch.ops.roikit.weighted_roi_align_backward.default
    torch.library.opcheck(gather, (grad, BOXES, w.detach(), [2, 3, 9, 11], None, *options))

    def pool(x, boxes, w):
        how = {"normalise": True, "guard": "add", "epsilon": 0.5, "dialect": dialect}
        return weighted_roi_align(x, boxes, w, 3, 0.5, 2, **how)

    out = torch.compile(pool, backend="aot_eager", fullgraph=True)(x, boxes, w)
    assert torch.equal(out, pool(x, boxes, w))
    compiled, eager = (torch.autograd.grad(each.sum(), (x, boxes, w)) for each in (out, pool(x, boxes, w)))
    assert all(torch.equal(one, other) for one, other in zip(compiled, eager, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("of", ["images", "rois"])
@pytest.mark.parametrize("last", [False, True])
def test_maxima(channels, of, last):
    generator = torch.Generator().manual_seed(5)
    x, w = (torch.rand(2, c, 9, 11, dtype=torch.float64, generator=generator) + 0.1 for c in (3, channels))
    x, w = (t.contiguous(memory_format=torch.channels_last) if last else t for t in (x, w))
    where, how = ((3, 2), 0.8, 2, True), {"mode": "max", "weights_of": of}
    boxes = rows(SMOOTH)  # the RoI of each image has the number of it
    out = weighted_roi_align(x, boxes, w, *where, **how)
    assert torch.equal(out, roi_align(x * w, boxes, *where, mode="max"))
    inputs = x.requires_grad_(), w.requires_grad_(), SMOOTH.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w, c: weighted_roi_align(x, rows(c), w, *where, **how), inputs)
    module = WeightedRoIAlign(*where, **how)
    assert torch.equal(module(x, boxes, w), weighted_roi_align(x, boxes, w, *where, **how))
    assert "mode='max'" in str(module)
    gradient = torch.autograd.grad(weighted_roi_align(x, boxes, w, *where, **how).sum(), x, create_graph=True)[0]
    with pytest.raises(NotImplementedError, match="the gradient of mode='max' has no gradient of its own"):
        gradient.sum().backward()


@pytest.mark.parametrize("how", [{"mode": "lp"}, {"mode": "lp", "p": 1.5}, {"mode": "softmax", "beta": -2.0}])
@pytest.mark.parametrize(("channels", "of", "last"), [(1, "images", False), (3, "images", True), (1, "rois", True)])
def test_means(channels, of, last, how):
    generator = torch.Generator().manual_seed(5)
    x, w = (torch.randn(2, c, 9, 11, dtype=torch.float64, generator=generator) for c in (3, channels))
    x, w = (t.contiguous(memory_format=torch.channels_last) if last else t for t in (x, w))
    where, how = ((3, 2), 0.8, 2, True), {**how, "weights_of": of}
    inputs = x.requires_grad_(), w.requires_grad_(), SMOOTH.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w, c: weighted_roi_align(x, rows(c), w, *where, **how), inputs)
    module, boxes = WeightedRoIAlign(*where, **how), rows(SMOOTH)
    assert torch.equal(module(x, boxes, w), weighted_roi_align(x, boxes, w, *where, **how))
    assert f"mode={how['mode']!r}" in str(module)
    gradient = torch.autograd.grad(module(x, boxes, w).sum(), x, create_graph=True)[0]
    with pytest.raises(NotImplementedError, match="has no gradient of its own"):
        gradient.sum().backward()


def test_means_are_checked_by_pytorch_and_compiled():
    x, w, boxes = drawn().requires_grad_(), weights().requires_grad_(), BOXES.clone().requires_grad_()
    options = ([0.5, 0.5], [2, 2], False, "softmax", 3.0, 0.5, False, "zero", 1e-6, "images", "NCHW", None)
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    of_pooling = torch.ops.roikit.weighted_roi_align.default
    torch.library.opcheck(of_pooling, (x, boxes, w, [3, 3], *options), test_utils=checks)

    def pool(x, boxes, w):
        return weighted_roi_align(x, boxes, w, 3, 0.5, 2, mode="softmax", beta=0.5)

    compiled, eager = (
        torch.autograd.grad(f(x, boxes, w).sum(), (x, w, boxes)) for f in (torch.compile(pool, fullgraph=True), pool)
    )
    assert all(torch.equal(one, other) for one, other in zip(compiled, eager, strict=True))


def test_parameters_of_means_are_refused_elsewhere():
    x, w = drawn(), weights()
    for how, why in (
        ({"p": 2.0}, 'p is of mode="lp" alone'),
        ({"beta": 2.0, "mode": "lp"}, 'beta is of mode="softmax" alone'),
        ({"mode": "lp", "p": 0.5}, "p must be 1 or greater"),
        ({"mode": "softmax", "normalise": True}, "no such sum"),
    ):
        with pytest.raises(ValueError, match=why):
            weighted_roi_align(x, BOXES, w, 3, 0.5, 2, **how)


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_maxima_are_compiled_and_checked_by_pytorch():
    x, w = drawn().requires_grad_(), weights().requires_grad_()
    options = ([0.5, 0.5], [2, 2], False, "max", False, "zero", 0.5, "images", "NCHW", None)
    torch.library.opcheck(torch.ops.roikit.weighted_roi_align.default, (x, BOXES, w, [3, 3], *options))
    gather, grad = torch.ops.roikit.weighted_roi_align_backward.default, torch.ones(5, 3, 3, 3)
    torch.library.opcheck(gather, (grad, BOXES, w.detach(), [2, 3, 9, 11], x.detach(), *options))

    def pool(x, w):
        return weighted_roi_align(x, BOXES, w, 3, 0.5, 2, mode="max")

    out = torch.compile(pool, backend="aot_eager", fullgraph=True)(x, w)
    assert torch.equal(out, pool(x, w))
    compiled, eager = (torch.autograd.grad(each.sum(), (x, w)) for each in (out, pool(x, w)))
    assert all(torch.equal(one, other) for one, other in zip(compiled, eager, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("last", [False, True])
def test_weights_of_rois(channels, last):
    x, w = drawn(torch.float64), torch.stack([weights(torch.float64, channels)[0] + k for k in range(2)])
    x, w = (t.contiguous(memory_format=torch.channels_last) if last else t for t in (x, w))
    where, how = ((3, 2), 0.8, 2, True), {"normalise": True, "weights_of": "rois"}
    boxes = rows(SMOOTH[:2]).flip(0)  # RoI 0 lies on image 1
    out = weighted_roi_align(x, boxes, w, *where, **how)
    torch.testing.assert_close(out, weighted_roi_align(x, boxes, w.flip(0), *where, normalise=True))
    inputs = x.requires_grad_(), w.requires_grad_()
    assert torch.autograd.gradcheck(lambda x, w: weighted_roi_align(x, boxes, w, *where, **how), inputs)
    module = WeightedRoIAlign(*where, **how)
    assert torch.equal(module(x, boxes, w), weighted_roi_align(x, boxes, w, *where, **how))
    assert "weights_of='rois'" in str(module)


def test_a_wrong_argument_is_named():
    with pytest.raises(ValueError, match="weights must have shape"):
        weighted_roi_align(drawn(), BOXES, weights(channels=2), 2)
    with pytest.raises(TypeError, match=r"weights must be a torch\.Tensor"):
        weighted_roi_align(drawn(), BOXES, np.ones((2, 1, 9, 11)), 2)
    with pytest.raises(ValueError, match="mode must be one of"):
        weighted_roi_align(drawn(), BOXES, weights(), 2, mode="lp")
    with pytest.raises(ValueError, match="leave normalise out"):
        weighted_roi_align(drawn(), BOXES, weights(), 2, mode="max", normalise=True)
    with pytest.raises(ValueError, match="guard must be one of"):
        weighted_roi_align(drawn(), BOXES, weights(), 2, guard="nan")
