"""The gradients of PSRoIAlign on a pyramid on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_ps_roi_align", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_ps_roi_align", "boxes-backward")

    setup_cache.timeout = 600
