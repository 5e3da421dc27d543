"""Weighted RoIAlign on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import weighted_roi_align

from ...measuring.contestant import LAYOUTS
from ...operators.weighted_roi_align.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward", "maximum", "power-mean", "softmax")
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "weighted_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "weighted_roi_align"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "weighted_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])
        self.weights = np.ones((1, 1, 8, 8), np.float32)

    def call(self):
        return weighted_roi_align(self.feature, self.boxes, self.weights, 1, normalise=True)
