"""Weighted RoIAlign on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "forward")

    setup_cache.timeout = 600


class Maximum(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "maximum")

    setup_cache.timeout = 600


class PowerMean(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "power-mean")

    setup_cache.timeout = 600


class Softmax(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "softmax")

    setup_cache.timeout = 600
