"""The calls that are timed: feature maps and boxes like those of detectors, from a fixed seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SEED = 20260101
IMAGE = (800, 1333)


@dataclass(frozen=True)
class Workload:
    """One forward call: K boxes on one map, of a detector's stage.

    ``stride`` is that of the map in image pixels; ``extent`` the range of box sides in image pixels.
    """

    rois: int
    channels: int
    stride: int
    bins: int
    sampling_ratio: int
    extent: tuple[float, float]

    @property
    def outputs(self) -> int:
        """Number of output elements."""
        return self.rois * self.channels * self.bins**2


WORKLOADS = {
    "box": Workload(128, 256, 4, 7, 2, (16, 400)),
    "box-adaptive": Workload(128, 256, 4, 7, 0, (16, 400)),
    "mask": Workload(64, 256, 4, 14, 2, (16, 400)),
    "c4": Workload(32, 1024, 16, 14, 2, (64, 800)),
}


def arrays(workload: Workload, layout: str, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the map, in ``layout`` and ``dtype``, and the boxes ``(K, 5)``, in float32."""
    rng = np.random.default_rng(SEED)
    height, width = (side // workload.stride for side in IMAGE)
    feature = rng.standard_normal((1, workload.channels, height, width), dtype=np.float32)
    if layout == "NHWC":
        feature = np.ascontiguousarray(feature.transpose(0, 2, 3, 1))
    if dtype == "bfloat16":
        import ml_dtypes

        dtype = ml_dtypes.bfloat16
    sides = rng.uniform(*workload.extent, (workload.rois, 2))
    corners = rng.uniform(0, 1, (workload.rois, 2)) * np.maximum(np.array(IMAGE[::-1]) - sides, 0)
    boxes = np.column_stack([np.zeros(workload.rois), corners, corners + sides])
    return feature.astype(dtype), boxes.astype(np.float32)
