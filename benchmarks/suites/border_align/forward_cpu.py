"""BorderAlign on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import border_align

from ...measuring.contestant import LAYOUTS
from ...operators.border_align.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "border_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "border_align"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "border_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])
        self.feature = feature.repeat(4, axis=1)

    def call(self):
        return border_align(self.feature, self.boxes, 1)
