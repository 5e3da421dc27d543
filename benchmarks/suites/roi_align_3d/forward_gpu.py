"""RoIAlign of volumes on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("roi_align_3d", "forward")

    setup_cache.timeout = 600
