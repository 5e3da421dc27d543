"""Rotated RoIAlign on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import roi_align_rotated

from ...measuring.contestant import LAYOUTS
from ...operators.roi_align_rotated.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "roi_align_rotated"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "roi_align_rotated"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "roi_align_rotated"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, boxes = cpu.smallest_arrays(CPU_ROWS["e"])
        self.boxes = np.insert(boxes, 5, 0.5, axis=1)

    def call(self):
        return roi_align_rotated(self.feature, self.boxes, 1)
