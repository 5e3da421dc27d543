"""Rotation-invariant RoIAlign's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("riroi_align_rotated", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("riroi_align_rotated", "boxes-backward")

    setup_cache.timeout = 600
