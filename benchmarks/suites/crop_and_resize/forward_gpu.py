"""crop_and_resize on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("crop_and_resize", "forward")

    setup_cache.timeout = 600
