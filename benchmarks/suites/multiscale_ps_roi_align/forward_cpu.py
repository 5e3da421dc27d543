"""PSRoIAlign on a pyramid on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import multiscale_ps_roi_align

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("a1", "c1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "multiscale_ps_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "multiscale_ps_roi_align"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "multiscale_ps_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    """From two levels, so that one is chosen."""

    def setup(self):
        self.maps = [np.ones((1, 1, side, side), np.float32) for side in (8, 4)]
        self.boxes = np.array([[0, 11, 12, 20, 19]], np.float32)

    def call(self):
        return multiscale_ps_roi_align(self.maps, self.boxes, 1, (0.25, 0.125))
