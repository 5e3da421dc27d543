"""Deformable RoI pooling's gradients on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import deform_roi_pool_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "offsets-backward", "boxes-backward")
ROWS = ("c1", "e")
DTYPES = ("float32",)


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
        self.grad, self.boxes = np.ones((1, 1, 1, 1), np.float32), np.array([[0, 1, 1, 9, 9]], np.float32)
        self.offset = np.full((1, 2, 1, 1), 0.5, np.float32)

    def call(self):
        return deform_roi_pool_backward(self.grad, self.boxes, (1, 1, 8, 8), offset=self.offset)
