"""crop_and_resize's gradients on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import crop_and_resize_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "boxes-backward")
ROWS = ("a", "e")
DTYPES = ("float32",)


class Time(cpu.Time):
    operator = "crop_and_resize"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "crop_and_resize"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "crop_and_resize"
    params = (OPERATIONS[:1], ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.grad, self.boxes = np.ones((1, 1, 1, 1), np.float32), np.array([[0, 0, 1, 1]], np.float32)
        self.indices = np.zeros(1, np.int32)

    def call(self):
        return crop_and_resize_backward(self.grad, self.boxes, self.indices, (1, 8, 8, 1))
