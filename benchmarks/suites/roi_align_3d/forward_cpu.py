"""RoIAlign of volumes on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import roi_align_3d

from ...measuring.contestant import LAYOUTS
from ...operators.roi_align_3d.workloads import CPU_ROWS
from ...workloads import problem
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


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
        level = problem(CPU_ROWS["e"]).levels[0]
        self.volume, self.boxes = level.feature[:, :1, :8, :8, :8].copy(), level.boxes[:1]

    def call(self):
        return roi_align_3d(self.volume, self.boxes, 1)
