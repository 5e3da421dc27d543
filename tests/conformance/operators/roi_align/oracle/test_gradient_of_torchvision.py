"""The gradient oracle against torchvision's kernel and its Python path, on calls that both compute exactly."""

from importlib import import_module

import numpy as np
import pytest

from roikit.conformance.operators.roi_align.oracle.gradient import Kink, box_gradient, feature_gradient
from roikit.kernels.dialects.roi_align import named_dialect


def exact_call(rng, aligned):
    """A call that is exact in float32: small whole pixels, boxes in quarters, powers of two elsewhere."""
    output, ratio = [int(rng.choice([1, 2, 4])) for _ in range(2)], int(rng.choice([0, 1, 2]))
    grid = max(output) if ratio == 0 else 1
    low = rng.integers(-8, 24, (4, 2)) / 4
    size = 2.0 ** rng.integers(0, 2, (4, 1)) * grid if ratio == 0 else rng.integers(0, 24, (4, 2)) / 4
    rois = np.concatenate([rng.integers(0, 2, (4, 1)), low, low + size], axis=1)
    return rng.integers(-8, 9, (2, 2, 5, 7)), rng.integers(-8, 9, (4, 2, *output)), rois, ratio


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torchvisions_kernel_is_bit_identical_on_exact_calls(aligned, dtype):
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    rng, dialect = np.random.default_rng(4), named_dialect("torchvision-aligned" if aligned else "torchvision")
    for _ in range(40):
        feature, g, rois, ratio = exact_call(rng, aligned)
        x = torch.tensor(feature, dtype=getattr(torch, dtype), requires_grad=True)
        out = ops.roi_align(x, torch.tensor(rois, dtype=x.dtype), g.shape[2:], 1.0, ratio, aligned)
        out.backward(torch.tensor(g, dtype=x.dtype))
        want = feature_gradient(g, rois, feature.shape, (1, 1), (ratio, ratio), "avg", dialect).values
        assert (x.grad.numpy() == want.astype(dtype)).all()


@pytest.mark.parametrize("aligned", [False, True])
def test_autograd_of_torchvisions_python_path(aligned):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchvision")
    decorated = import_module("torchvision.ops.roi_align")._roi_align
    python_path = getattr(decorated, "__wrapped__", decorated)
    rng = np.random.default_rng(5)
    dialect = named_dialect("torchvision-python-aligned" if aligned else "torchvision-python")
    compared = 0
    for _ in range(60):
        feature, g, rois, ratio = exact_call(rng, aligned)
        x, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (feature, rois))
        python_path(x, b, 1.0, *g.shape[2:], ratio, aligned).backward(torch.tensor(g, dtype=torch.float64))
        arguments = ((1, 1), (ratio, ratio), "avg", dialect)
        assert (x.grad.numpy() == feature_gradient(g, rois, feature.shape, *arguments).values.astype(float)).all()
        want = box_gradient(g, feature, rois, *arguments)
        # At 0 and at the least extent the gradient of torch.clamp is 1 before torch 2.14 and 0 since (pytorch#195931).
        for k, corner in np.ndindex(want.values.shape):
            if Kink.EXTENT not in want.kinks[k, corner] and not at_zero(want.stages[k], corner):
                assert b.grad[k, 1 + corner] == float(want.values[k, corner])
                compared += 1
    assert compared > 400


def at_zero(roi, corner):
    axis = (roi.x, roi.y)[corner % 2]
    return any(y == 0 for bin_ in axis.positions() for y in bin_)
