"""The gradients of weighted RoIAlign on a pyramid on the CPU: as `forward_cpu`."""

import numpy as np

from roikit.kernels import multiscale_weighted_roi_align_backward

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("backward", "weights-backward", "boxes-backward")
ROWS = ("a1", "e")
DTYPES = ("float32",)


class Time(cpu.Time):
    operator = "multiscale_weighted_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "multiscale_weighted_roi_align"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "multiscale_weighted_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    """For two levels, so that one is chosen."""

    def setup(self):
        self.grad, self.boxes = np.ones((1, 1, 1, 1), np.float32), np.array([[0, 11, 12, 20, 19]], np.float32)
        self.shapes = [(1, 1, side, side) for side in (8, 4)]
        self.weights = [np.ones(shape, np.float32) for shape in self.shapes]

    def call(self):
        where = (self.shapes, (0.25, 0.125))
        return multiscale_weighted_roi_align_backward(self.grad, self.boxes, self.weights, *where, normalise=True)[0]
