"""crop_and_resize's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("crop_and_resize", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("crop_and_resize", "boxes-backward")

    setup_cache.timeout = 600
