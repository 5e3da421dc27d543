"""Gradients on the CPU, and pooling from all levels at once: seconds of a row, peak memory, and what a call costs by itself."""

import numpy as np

from roikit.kernels import roi_align_backward

from ...measuring.contestant import LAYOUTS, use_threads
from ...operators.roi_align.cpu import forward as contestants
from ...operators.roi_align.operations import Operation
from ...operators.roi_align.workloads import CPU_ROWS, problem
from ...record.rows import WHO
from .forward_cpu import smallest

OPERATIONS = (Operation.BACKWARD.value, Operation.POOLER.value, Operation.POOLER_BACKWARD.value)
ROWS = ("a1", "e")
DTYPES = ("float32", "float16")


def prepared(operation, row, layout, dtype):
    """Returns what makes all calls of a row."""
    return WHO[Operation(operation)].roikit(problem(CPU_ROWS[row]), layout, dtype)


class Time:
    """All calls of a row, on all cores, with the output arrays given."""

    params = (OPERATIONS, ROWS, LAYOUTS, DTYPES)
    param_names = ("operation", "row", "layout", "dtype")
    timeout = 120

    def setup(self, operation, row, layout, dtype):
        if not hasattr(self, "calls"):  # asv sets up anew before every sample
            self.calls = prepared(operation, row, layout, dtype)
            self.calls()  # compiles

    def time_operation(self, operation, row, layout, dtype):
        self.calls()


class Memory:
    """The peak memory of a process that makes all calls of a row, maps included."""

    params = (OPERATIONS, LAYOUTS)
    param_names = ("operation", "layout")
    timeout = 120

    def setup(self, operation, layout):
        self.calls = prepared(operation, "a1", layout, "float32")

    def peakmem_operation(self, operation, layout):
        self.calls()


class PerOutput:
    """Nanoseconds on one thread per element of the output, of the pooled output for gradients too."""

    params = (OPERATIONS, ROWS, LAYOUTS)
    param_names = ("operation", "row", "layout")
    timeout = 120
    unit = "ns per output element"

    def setup(self, operation, row, layout):
        use_threads(1)
        self.calls = prepared(operation, row, layout, "float32")
        self.calls()

    def track_ns_per_output(self, operation, row, layout):
        from ...measuring.timing import host_seconds, interleave, summarise

        samples = interleave({"ours": lambda: host_seconds(self.calls)}, seconds=0.5, least=3)
        return summarise(samples["ours"]).median / CPU_ROWS[row].outputs * 1e9


class Call:
    """What a call costs besides its work: one RoI, one bin, one channel. The median of many, even if asv is to be quick."""

    unit = "seconds"

    def setup(self):
        self.grad, self.boxes = np.ones((1, 1, 1, 1), np.float32), np.array([[0, 1, 1, 9, 9]], np.float32)

    def call(self):
        return roi_align_backward(self.grad, self.boxes, (1, 1, 8, 8))

    def track_smallest_call(self):
        return smallest({"ours": self.call})["ours"]
