"""Weighted RoIAlign of tensors on a pyramid: other modes, weights of RoIs, dialects; all else is in `test_pyramids.py`."""

import pytest

torch = pytest.importorskip("torch")

from roikit.kernels.dialects.multiscale_weighted_roi_align import Dialect  # noqa: E402
from roikit.torch import multiscale_weighted_roi_align, weighted_roi_align  # noqa: E402
from tests.torch.pyramids import CORNERS, HOW, LEVELS, PYRAMIDS, SCALES, SIZES  # noqa: E402

PYRAMID = PYRAMIDS["multiscale_weighted_roi_align"]
MODES = [{"mode": "max"}, {"mode": "lp", "p": 1.5}, {"mode": "softmax", "beta": -0.5}]


def of_rois(channels=1, dtype=torch.float64):
    """Weights of each box, on each level."""
    chance = torch.Generator().manual_seed(2)
    shapes = [(len(CORNERS), channels, *size) for size in SIZES]
    return [torch.rand(shape, generator=chance, dtype=dtype) + 0.5 for shape in shapes]


@pytest.mark.parametrize("how", [{}, *MODES])
@pytest.mark.parametrize("of", ["images", "rois"])
def test_gradients_of_all_modes_are_derivatives(how, of):
    chance = torch.Generator().manual_seed(3)
    maps = [torch.rand(2, 2, *size, generator=chance, dtype=torch.float64) + 0.5 for size in SIZES]
    weights = of_rois() if of == "rois" else [w + 0.1 for w in PYRAMID.weights(torch.float64)]
    tensors = [each.requires_grad_() for each in (*maps, *weights)]
    boxes = CORNERS.double()

    def pool(numbers, *tensors):
        rows = torch.cat([boxes[:, :1], numbers], dim=1)
        return PYRAMID(tensors[:3], rows, tensors[3:], 2, weights_of=of, **how)

    assert torch.autograd.gradcheck(pool, (boxes[:, 1:].clone().requires_grad_(), *tensors))
    if how:
        out = pool(boxes[:, 1:], *tensors)
        (of_map, *_) = torch.autograd.grad(out.sum(), tensors, create_graph=True)
        with pytest.raises(NotImplementedError, match="has no gradient of its own"):
            of_map.sum().backward()


@pytest.mark.parametrize("channels", [1, 3])
def test_of_a_roi_the_weights_of_its_level_are_read_alone(channels):
    maps, weights = PYRAMID.maps(torch.float64), of_rois(channels)
    for level, array in enumerate(weights):
        array[[k for k, other in enumerate(LEVELS) if other != level]] = torch.nan
    leaves = [each.requires_grad_() for each in (*maps, *weights)]
    out = PYRAMID(maps, CORNERS.double(), weights, weights_of="rois", normalise=True)
    assert out.isfinite().all()
    for k, level in enumerate(LEVELS):
        box, own = CORNERS[k : k + 1].double(), weights[level][k : k + 1]
        how = {"weights_of": "rois", "normalise": True}
        alone = weighted_roi_align(maps[level], box, own, PYRAMID.bins, SCALES[level], 2, **how)
        assert torch.equal(out[k : k + 1], alone)
    out.sum().backward()
    assert all(each.grad.isfinite().all() for each in leaves)
    for level, array in enumerate(weights):
        assert [bool(of_roi.any()) for of_roi in array.grad] == [other == level for other in LEVELS]


def test_a_dialect_of_ones_own():
    maps, weights = PYRAMID.maps(), PYRAMID.weights()
    own = Dialect(level_rule="detectron2", offset="half", min_size="none")
    expected = PYRAMID(maps, CORNERS, weights, level_rule="detectron2", aligned=True)
    assert torch.equal(PYRAMID(maps, CORNERS, weights, dialect=own), expected)


@pytest.mark.parametrize(("weights", "error", "message"), [
    (torch.ones(2, 1, 9, 11), TypeError, "weights must be a list of tensors"),
    ([torch.ones(2, 1, 9, 11)], ValueError, "weights has 1 tensors for 3 levels"),
    ([torch.ones(2, c, *size) for c, size in zip((1, 1, 3), SIZES, strict=True)], ValueError, "they have 1, 1, 3"),
    ([torch.ones(2, 1, 9, 11)] * 3, ValueError, r"weights\[1\] must have shape \(2, 1, 5, 6\) or \(2, 3, 5, 6\)"),
])  # fmt: skip
def test_wrong_weights_are_named(weights, error, message):
    with pytest.raises(error, match=message):
        multiscale_weighted_roi_align(PYRAMID.maps(), CORNERS, weights, 2, SCALES, 2, **HOW)
