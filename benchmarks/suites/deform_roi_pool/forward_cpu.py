"""Deformable RoI pooling on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import deform_roi_pool

from ...measuring.contestant import LAYOUTS
from ...operators.deform_roi_pool.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "deform_roi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "deform_roi_pool"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "deform_roi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])
        self.offset = np.full((1, 2, 1, 1), 0.5, np.float32)

    def call(self):
        return deform_roi_pool(self.feature, self.boxes, 1, offset=self.offset)
