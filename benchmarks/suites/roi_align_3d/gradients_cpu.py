"""RoIAlign of volumes's gradients on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import roi_align_3d_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "boxes-backward")
ROWS = ("c1", "e")
DTYPES = ("float32",)


class Time(cpu.Time):
    operator = "roi_align_3d"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "roi_align_3d"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "roi_align_3d"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.grad = np.ones((1, 1, 1, 1, 1), np.float32)
        self.boxes = np.array([[0, 1, 1, 1, 9, 9, 9]], np.float32)

    def call(self):
        return roi_align_3d_backward(self.grad, self.boxes, (1, 1, 8, 8, 8))
