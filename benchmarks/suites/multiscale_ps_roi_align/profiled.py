"""What PSRoIAlign on a pyramid asks of a GPU: instructions, sectors and bytes for each value, counted from PTX."""

from .. import profiled

VARIANTS = ("NCHW float32", "NHWC float32")
OPERATIONS = ("forward",)
ROWS = ("a1",)


class Profiled(profiled.Profiled):
    params = (profiled.FIGURES, OPERATIONS, ROWS, VARIANTS)

    def setup_cache(self):
        return profiled.measure("multiscale_ps_roi_align", OPERATIONS, ROWS, VARIANTS)

    setup_cache.timeout = 600
