"""BorderAlign on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("border_align", "forward")

    setup_cache.timeout = 600
