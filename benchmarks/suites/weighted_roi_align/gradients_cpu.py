"""Weighted RoIAlign's gradients on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import weighted_roi_align_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "weights-backward", "boxes-backward", "power-mean-backward", "softmax-backward")
ROWS = ("c1", "e")
DTYPES = ("float32",)


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
        self.grad, self.boxes = np.ones((1, 1, 1, 1), np.float32), np.array([[0, 1, 1, 9, 9]], np.float32)
        self.weights = np.ones((1, 1, 8, 8), np.float32)

    def call(self):
        return weighted_roi_align_backward(self.grad, self.boxes, self.weights, (1, 1, 8, 8), normalise=True)
