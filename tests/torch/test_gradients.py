"""Gradients: against differences, against each other, and those that there are not."""

import pytest

torch = pytest.importorskip("torch")

from torch.autograd import gradcheck, gradgradcheck  # noqa: E402

from roikit.torch import multiscale_roi_align, roi_align  # noqa: E402

INDEX = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)
# No sample is on a pixel, at the edge of a map, or at a boundary of levels, so that everything is differentiable.
CORNERS = torch.tensor([[1.2, 0.7, 8.1, 6.4], [3.3, 2.1, 4.7, 7.2], [0.6, 0.4, 5.9, 3.1]], dtype=torch.float64)
SCALES = [1 / 2, 1 / 4]
HOW = {"sampling_ratio": 2, "aligned": True}
LEVELS = {**HOW, "canonical_size": 5.0, "canonical_level": 2}


def maps(*shape, **how):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5), **how).requires_grad_()


def rows(corners):
    return torch.cat([INDEX, corners], 1)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_gradients_for_maps_and_boxes_are_those_of_differences(mode, layout):
    x = maps(2, 2, 7, 8) if layout == "NCHW" else maps(2, 7, 8, 2)
    how = {**HOW, "mode": mode, "layout": layout}
    assert gradcheck(lambda x, c: roi_align(x, rows(c), 2, 0.9, **how), (x, CORNERS.clone().requires_grad_()))


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_gradients_of_a_pyramid_are_those_of_differences(mode):
    pyramid, corners = (maps(2, 2, 6, 6), maps(2, 2, 3, 3)), CORNERS.clone().requires_grad_()
    pooled = multiscale_roi_align(pyramid, rows(corners), 2, SCALES, mode=mode, **LEVELS)
    assert all(g.any() for g in torch.autograd.grad(pooled.sum(), pyramid))  # both levels are pooled from
    assert gradcheck(
        lambda x, y, c: multiscale_roi_align((x, y), rows(c), 2, SCALES, mode=mode, **LEVELS), (*pyramid, corners)
    )


def test_the_gradient_of_channels_last_maps_is_channels_last():
    x = maps(2, 3, 7, 8)
    last = x.detach().to(memory_format=torch.channels_last).requires_grad_()
    for tensor in (x, last):
        roi_align(tensor, rows(CORNERS), 2, **HOW).square().sum().backward()
    assert last.grad.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(x.grad, last.grad, rtol=0, atol=1e-13)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_gradient_of_an_average_has_a_gradient(layout):
    x = maps(2, 2, 7, 8) if layout == "NCHW" else maps(2, 7, 8, 2)
    assert gradgradcheck(lambda x: roi_align(x, rows(CORNERS), 2, 0.9, layout=layout, **HOW), (x,))


def test_the_gradient_of_an_average_on_a_pyramid_has_a_gradient():
    pyramid = (maps(2, 2, 6, 6), maps(2, 2, 3, 3))
    assert gradgradcheck(lambda *maps: multiscale_roi_align(maps, rows(CORNERS), 2, SCALES, **LEVELS), pyramid)


def test_the_gradient_for_maps_has_a_gradient_for_boxes():
    x, grad = maps(2, 2, 7, 8), maps(3, 2, 2, 2)

    def gradient(grad, corners):
        return torch.autograd.grad(roi_align(x, rows(corners), 2, **HOW), x, grad, create_graph=True)[0]

    assert gradcheck(gradient, (grad, CORNERS.clone().requires_grad_()))


def test_an_average_of_nothing_has_no_gradient_of_any_order():
    x, boxes = maps(1, 1, 4, 4), torch.tensor([[0, 3.0, 3.0, 3.0, 3.0]], dtype=torch.float64)
    pooled = roi_align(x, boxes, 2, dialect="paddle")
    assert pooled.isnan().all()
    grad = torch.ones_like(pooled).requires_grad_()
    (first,) = torch.autograd.grad(pooled, x, grad, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), grad)
    assert not first.any()
    assert not second.any()


@pytest.mark.parametrize(
    ("mode", "wanted", "message"),
    [
        ("max", "maps", 'the gradient of mode="max" has no gradient of its own'),
        ("avg", "boxes", "the gradient for boxes has no gradient of its own"),
    ],
)
def test_second_gradients_that_there_are_not_are_refused(mode, wanted, message):
    x, corners = maps(2, 2, 7, 8), CORNERS.clone().requires_grad_()
    of = x if wanted == "maps" else corners
    grad = torch.ones(3, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    pooled = roi_align(x, rows(corners), 2, mode=mode, **HOW)
    (first,) = torch.autograd.grad(pooled, of, grad, create_graph=True)
    with pytest.raises(NotImplementedError, match=message):
        first.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_gradients_of_16_bit_tensors_are_those_of_float32_rounded(dtype):
    x, boxes = maps(2, 2, 7, 8).detach().to(dtype), rows(CORNERS).to(dtype)
    narrow = [tensor.clone().requires_grad_() for tensor in (x, boxes)]
    wide = [tensor.float().requires_grad_() for tensor in (x, boxes)]
    for a, b in (narrow, wide):
        roi_align(a, b, 2, **HOW).sum().backward()
    for a, b in zip(narrow, wide, strict=True):
        assert a.grad.dtype == dtype
        assert torch.equal(a.grad, b.grad.to(dtype))


def test_only_what_is_needed_is_kept_for_the_gradient():
    x = maps(2, 2, 7, 8)
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.shape) or t, lambda t: t):
        roi_align(x, rows(CORNERS), 2)
        assert saved == [(3, 5)]
        roi_align(x, rows(CORNERS), 2, mode="max")
        assert saved == [(3, 5), (3, 5), (2, 2, 7, 8)]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")  # of PyTorch itself
def test_forward_mode_is_refused():
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level(), pytest.raises(NotImplementedError, match="jvp"):
        roi_align(forward_ad.make_dual(maps(2, 2, 7, 8).detach(), torch.ones(2, 2, 7, 8).double()), rows(CORNERS), 2)
