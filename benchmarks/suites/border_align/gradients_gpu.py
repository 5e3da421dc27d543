"""BorderAlign's gradients on a GPU."""

from .. import gpu


class Backward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("border_align", "backward")

    setup_cache.timeout = 600


class Boxes(gpu.Series):
    def setup_cache(self):
        return gpu.measure("border_align", "boxes-backward")

    setup_cache.timeout = 600
