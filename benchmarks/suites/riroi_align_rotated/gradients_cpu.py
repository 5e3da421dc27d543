"""Rotation-invariant RoIAlign's gradients on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import riroi_align_rotated_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "boxes-backward")
ROWS = ("c1", "e")
DTYPES = ("float32",)


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
        self.grad, self.boxes = np.ones((1, 8, 1, 1), np.float32), np.array([[0, 4, 4, 3, 2, 0.5]], np.float32)

    def call(self):
        return riroi_align_rotated_backward(self.grad, self.boxes, (1, 8, 8, 8))
