"""PrRoIPool on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import prroi_pool

from ...measuring.contestant import LAYOUTS
from ...operators.prroi_pool.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c", "a", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "prroi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "prroi_pool"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "prroi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])

    def call(self):
        return prroi_pool(self.feature, self.boxes, 1)
