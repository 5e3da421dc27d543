"""PSRoIAlign on a pyramid on a GPU."""

from .. import gpu


class Forward(gpu.Series):
    def setup_cache(self):
        return gpu.measure("multiscale_ps_roi_align", "forward")

    setup_cache.timeout = 600
