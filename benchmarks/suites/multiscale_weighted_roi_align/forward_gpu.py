"""Weighted RoIAlign on a pyramid on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_weighted_roi_align", "forward")

    setup_cache.timeout = 600


class Maximum(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_weighted_roi_align", "maximum")

    setup_cache.timeout = 600
