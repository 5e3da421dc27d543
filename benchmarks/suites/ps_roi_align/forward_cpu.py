"""PSRoIAlign on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from roikit.kernels import ps_roi_align

from ...measuring.contestant import LAYOUTS
from ...operators.ps_roi_align.workloads import CPU_ROWS
from .. import cpu

OPERATIONS = ("forward",)
ROWS = ("c1", "a1", "e")
DTYPES = ("float32", "float16")


class Time(cpu.Time):
    operator = "ps_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)


class Memory(cpu.Memory):
    operator = "ps_roi_align"
    params = (OPERATIONS, ROWS[:1], LAYOUTS)


class PerOutput(cpu.PerOutput):
    operator = "ps_roi_align"
    params = (OPERATIONS, ROWS, LAYOUTS)


class Call(cpu.Call):
    def setup(self):
        self.feature, self.boxes = cpu.smallest_arrays(CPU_ROWS["e"])

    def call(self):
        return ps_roi_align(self.feature, self.boxes, 1)


class CallRatio(cpu.CallRatio):
    def both(self, torch, torchvision):
        ours = Call()
        ours.setup()
        given = torch.from_numpy(ours.feature), torch.from_numpy(ours.boxes)
        operator = torchvision.ops.ps_roi_align
        return ours.call, lambda: operator(*given, 1)
