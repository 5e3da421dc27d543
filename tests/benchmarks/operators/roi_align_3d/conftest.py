import numpy as np
import pytest

from benchmarks.operators.roi_align_3d import workloads
from benchmarks.operators.roi_align_3d.operator import ROI_ALIGN_3D
from benchmarks.operators.roi_align_3d.workloads import VolumeRow
from tests.benchmarks.operators.checks import put

VOLUME = (40, 64, 80)


def boxes_over_the_edge(rng, count):
    """Boxes of 10 to 50 pixels along x, y and z, some over the edge of a volume of 40 × 64 × 80."""
    sides = rng.uniform(10, 50, (count, 3))
    first = rng.uniform(-0.2, 1, (count, 3)) * (np.array(VOLUME[::-1]) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture(params=[2, 0], ids=["two samples", "adaptive"])
def small_volume(small, monkeypatch, request):
    """A row that is measured in no time, under the name a1."""
    monkeypatch.setattr(workloads, "VOLUME", VOLUME)
    row = VolumeRow("a1", "small", 2, 6, 5, (4,), 3, boxes_over_the_edge, request.param)
    put(monkeypatch, ROI_ALIGN_3D, row)
    return row
