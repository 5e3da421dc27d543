"""Weighted RoIAlign's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "backward")

    setup_cache.timeout = 600


class Weights(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "weights-backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "boxes-backward")

    setup_cache.timeout = 600


class PowerMean(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "power-mean-backward")

    setup_cache.timeout = 600


class Softmax(gpu.Series):
    def setup_cache(self):
        return gpu.measure("weighted_roi_align", "softmax-backward")

    setup_cache.timeout = 600
