"""crop_and_resize on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

import numpy as np

from roikit.kernels import crop_and_resize

from ...measuring.contestant import LAYOUTS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("a", "b", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "crop_and_resize"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "crop_and_resize"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "crop_and_resize"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.image, self.boxes = np.ones((1, 8, 8, 1), np.float32), np.array([[0, 0, 1, 1]], np.float32)
        self.indices = np.zeros(1, np.int32)

    def call(self):
        return crop_and_resize(self.image, self.boxes, self.indices, 1)
