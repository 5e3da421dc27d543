"""RoIAlign forward on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import roi_align

from ...measuring.contestant import LAYOUTS
from ...operators.roi_align.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("a1", "a2", "b1", "c1", "e", "f")
DTYPES = ("float32", "float16", "bfloat16")


class Time(cpu.Time):
    operator = "roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])

    def call(self):
        return roi_align(self.feature, self.boxes, 1)


class CallRatio(cpu.CallRatio):
    def both(self, torch, torchvision):
        ours = Call()
        ours.setup()
        given = torch.from_numpy(ours.feature), torch.from_numpy(ours.boxes)
        operator = torchvision.ops.roi_align
        return ours.call, lambda: operator(*given, 1)
