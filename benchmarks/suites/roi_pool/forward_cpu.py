"""RoIPool on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import roi_pool

from ...measuring.contestant import LAYOUTS
from ...operators.roi_pool.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward", "average")
ROWS = ("a1", "b1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "roi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "roi_pool"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "roi_pool"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])

    def call(self):
        return roi_pool(self.feature, self.boxes, 1)


class CallRatio(cpu.CallRatio):
    def both(self, torch, torchvision):
        ours = Call()
        ours.setup()
        given = torch.from_numpy(ours.feature), torch.from_numpy(ours.boxes)
        operator = torchvision.ops.roi_pool
        return ours.call, lambda: operator(*given, 1)
