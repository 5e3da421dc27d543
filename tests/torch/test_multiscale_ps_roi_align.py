"""PSRoIAlign of tensors on a pyramid: dialects, and what bins without samples send back; all else is in `test_pyramids.py`."""

import pytest

torch = pytest.importorskip("torch")

from roikit.kernels.dialects.multiscale_ps_roi_align import Dialect  # noqa: E402
from roikit.torch import multiscale_ps_roi_align  # noqa: E402
from tests.torch.pyramids import CORNERS, HOW, PYRAMIDS, SCALES  # noqa: E402

PYRAMID = PYRAMIDS["multiscale_ps_roi_align"]


def test_a_dialect_of_ones_own():
    maps = PYRAMID.maps()
    expected = multiscale_ps_roi_align(maps, CORNERS, 2, SCALES, level_rule="detectron2", **HOW)
    own = Dialect(level_rule="detectron2", no_level="zero")
    assert torch.equal(multiscale_ps_roi_align(maps, CORNERS, 2, SCALES, dialect=own, **HOW), expected)


def test_what_a_bin_without_samples_sends_back_twice_is_0():
    """Under torchvision's rules its average is not a number; its gradient is 0, and so is that of this."""
    maps, boxes = [each.requires_grad_() for each in PYRAMID.maps()], CORNERS.clone()
    boxes[0, 3] = boxes[0, 1]
    out = multiscale_ps_roi_align(maps, boxes, 2, SCALES, 0, dialect="torchvision", **HOW)
    assert out[0].isnan().all()
    grad = torch.ones_like(out, requires_grad=True)
    of_maps = torch.autograd.grad(out, maps, grad, create_graph=True)
    (again,) = torch.autograd.grad(sum(each.sum() for each in of_maps), grad)
    assert not again[0].any()
    assert again[1].any()
