"""PSRoIPool's gradient on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("ps_roi_pool", "backward")

    setup_cache.timeout = 600
