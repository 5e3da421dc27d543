"""Rotated RoIAlign of tensors on a pyramid: dialects; all else is in `test_pyramids.py`."""

import pytest

torch = pytest.importorskip("torch")

from roikit.kernels.dialects.multiscale_roi_align_rotated import Dialect  # noqa: E402
from roikit.torch import multiscale_roi_align_rotated  # noqa: E402
from tests.torch.pyramids import CENTRES, HOW, PYRAMIDS, SCALES  # noqa: E402


def test_a_dialect_of_ones_own():
    maps = PYRAMIDS["multiscale_roi_align_rotated"].maps()
    how = {"clockwise": True, "level_rule": "detectron2"}
    expected = multiscale_roi_align_rotated(maps, CENTRES, 2, SCALES, **how, **HOW)
    own = Dialect(turn="clockwise", level_rule="detectron2", no_level="zero")
    assert torch.equal(multiscale_roi_align_rotated(maps, CENTRES, 2, SCALES, dialect=own, **HOW), expected)
