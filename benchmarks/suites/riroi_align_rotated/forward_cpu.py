"""Rotation-invariant RoIAlign on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import riroi_align_rotated

from ...measuring.contestant import LAYOUTS
from ...operators.riroi_align_rotated.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "riroi_align_rotated"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "riroi_align_rotated"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "riroi_align_rotated"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        feature, boxes = cpu.smallest_arrays(CPU_ROWS["e"])
        self.feature, self.boxes = feature.repeat(8, axis=1), np.insert(boxes, 5, 0.5, axis=1)

    def call(self):
        return riroi_align_rotated(self.feature, self.boxes, 1)
