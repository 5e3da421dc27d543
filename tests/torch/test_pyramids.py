"""Operators of tensors on pyramids: gradients that are derivatives, and how PyTorch sees them."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from roikit import kernels  # noqa: E402
from tests.torch.pyramids import HOW, LEVELS, PYRAMIDS, SCALES  # noqa: E402

EVERY = pytest.mark.parametrize("name", PYRAMIDS)


@EVERY
@pytest.mark.parametrize("last", [False, True])
def test_output_is_that_of_each_level(name, last):
    pyramid = PYRAMIDS[name]
    maps, weights = pyramid.maps(), pyramid.weights()
    form = torch.channels_last if last else torch.contiguous_format
    out = pyramid(
        [each.contiguous(memory_format=form) for each in maps],
        pyramid.boxes,
        [each.contiguous(memory_format=form) for each in weights],
    )
    assert out.is_contiguous(memory_format=torch.channels_last) == last
    for k, level in enumerate(LEVELS):
        alone = pyramid.of_level(level, maps, pyramid.boxes[k : k + 1], weights)
        torch.testing.assert_close(out[k : k + 1], alone)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(("name", "how"), [(name, how) for name, each in PYRAMIDS.items() for how in each.ways])
def test_gradients_are_the_derivatives(name, layout, how):
    pyramid = PYRAMIDS[name]
    maps, weights = (
        [each.requires_grad_() for each in tensors(torch.float64, layout)]
        for tensors in (pyramid.maps, pyramid.weights)
    )
    boxes = pyramid.boxes.double()
    numbers = boxes[:, 1:].clone().requires_grad_()

    def pool(numbers, *tensors):
        rows = torch.cat([boxes[:, :1], numbers], dim=1)
        count = len(SCALES)
        return pyramid(tensors[:count], rows, tensors[count:], 2, layout=layout, **how)

    assert torch.autograd.gradcheck(pool, (numbers, *maps, *weights))
    fixed = [each.detach() for each in weights]
    assert torch.autograd.gradgradcheck(lambda *maps: pool(numbers.detach(), *maps, *fixed) ** 2, maps)


@EVERY
def test_the_gradient_of_boxes_has_none_of_its_own(name):
    pyramid = PYRAMIDS[name]
    boxes = pyramid.boxes.clone().requires_grad_()
    out = pyramid(pyramid.maps(), boxes, pyramid.weights())
    (of_boxes,) = torch.autograd.grad(out.sum(), boxes, create_graph=True)
    assert not of_boxes[:, 0].any()
    assert of_boxes[:, 1:].any(dim=1).all()
    with pytest.raises(NotImplementedError, match="the gradient for boxes has no gradient of its own"):
        of_boxes.sum().backward()


@EVERY
def test_lists_of_boxes_and_the_module_are_the_function(name):
    pyramid = PYRAMIDS[name]
    maps, weights, boxes = pyramid.maps(), pyramid.weights(), pyramid.boxes
    listed = [boxes[boxes[:, 0] == i, 1:] for i in range(2)]
    order = torch.cat([torch.nonzero(boxes[:, 0] == i).flatten() for i in range(2)])
    expected = pyramid(maps, boxes[order], weights)
    assert torch.equal(pyramid(maps, listed, weights), expected)
    module = pyramid.made_module()
    assert torch.equal(module(maps, listed, *([weights] if weights else [])), expected)
    shown = (
        f"output_size={pyramid.bins}, spatial_scales={SCALES}, sampling_ratio=2, canonical_size=8, canonical_level=2"
    )
    assert str(module) == f"{pyramid.module}({shown})"


@EVERY
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_16_bits_are_those_of_the_kernels(name, dtype):
    pyramid = PYRAMIDS[name]
    tensors = [each.requires_grad_() for each in (*pyramid.maps(dtype), *pyramid.weights(dtype))]
    maps, weights, boxes = tensors[: len(SCALES)], tensors[len(SCALES) :], pyramid.boxes.clone().requires_grad_()
    out = pyramid(maps, boxes, weights)
    assert out.dtype == dtype
    wide = [each.detach().float().numpy() for each in tensors]
    beside = [wide[len(SCALES) :]] if weights else []
    function = getattr(kernels, name)
    right = function(wide[: len(SCALES)], pyramid.boxes.numpy(), *beside, pyramid.bins, SCALES, 2, **HOW)
    assert torch.equal(out, torch.from_numpy(right).to(dtype))
    out.sum().backward()
    assert [each.grad.dtype for each in (*tensors, boxes)] == [dtype] * len(tensors) + [torch.float32]


@EVERY
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
def test_compiled_and_checked_by_pytorch(name):
    pyramid = PYRAMIDS[name]
    maps, weights = ([each.requires_grad_() for each in tensors()] for tensors in (pyramid.maps, pyramid.weights))
    boxes = pyramid.boxes.clone().requires_grad_()
    scales = [scale for scale in SCALES for _ in "yx"]
    options = (scales, [2, 2], *pyramid.options, None, None, None, 8.0, 2)
    of_pooling, of_maps, of_boxes = (
        getattr(torch.ops.roikit, f"{name}{ending}").default for ending in ("", "_backward", "_backward_boxes")
    )
    beside = [weights] if weights else []
    torch.library.opcheck(of_pooling, (maps, boxes, *beside, [*pyramid.bins], *options))
    grad = torch.ones_like(pyramid(maps, boxes, weights)).requires_grad_()
    shapes = [size for each in maps for size in each.shape]
    plain, fixed = ([each.detach() for each in tensors] for tensors in (maps, weights))
    compared = [[]] if weights else []  # an average looks at no maps
    beside = [fixed] if weights else []
    torch.library.opcheck(of_maps, (grad, pyramid.boxes, *beside, shapes, *compared, *options))
    torch.library.opcheck(of_boxes, (grad.detach(), plain, pyramid.boxes, *beside, *options))

    def pool(boxes, *tensors):
        return pyramid(tensors[: len(SCALES)], boxes, tensors[len(SCALES) :])

    given = (boxes, *maps, *weights)
    out, right = torch.compile(pool, backend="aot_eager", fullgraph=True)(*given), pool(*given)
    assert torch.equal(out, right)
    for one, other in zip(torch.autograd.grad(out.sum(), given), torch.autograd.grad(right.sum(), given), strict=True):
        assert torch.equal(one, other)


@EVERY
@pytest.mark.parametrize(("changes", "error", "message"), [
    ({"inputs": [np.ones((1, 8, 2, 2))] * 3}, TypeError, r"inputs\[0\] must be a torch\.Tensor"),
    ({"inputs": torch.ones(1, 8, 2, 2)}, TypeError, "inputs must be a list of tensors"),
    ({"inputs": []}, ValueError, "at least one level"),
    ({"spatial_scales": [1]}, ValueError, "1 spatial_scales for 3 levels"),
    ({"dialect": "none"}, ValueError, "no dialect of multiscale_.* is called"),
    ({"boxes": torch.ones(5, 4)}, ValueError, r"boxes must have shape \(K, [56]\), rows \[batch_index, "),
    ({"level_rule": "nearest"}, ValueError, "level_rule must be one of"),
])  # fmt: skip
def test_a_wrong_argument_is_named(name, changes, error, message):
    pyramid = PYRAMIDS[name]
    call = {
        "inputs": pyramid.maps(), "boxes": pyramid.boxes, "output_size": pyramid.bins, "spatial_scales": SCALES,
        **({"weights": pyramid.weights()} if pyramid.is_weighed else {}),
    }  # fmt: skip
    with pytest.raises(error, match=message):
        pyramid.function(**(call | changes))
