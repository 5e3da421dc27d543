"""RoIAlign forward on the CPU: seconds of a row, peak memory, and what a call costs besides its work."""

from functools import partial
from importlib.util import find_spec

from roikit.kernels import roi_align

from ...measuring.contestant import LAYOUTS, use_threads
from ...operators.roi_align.cpu import forward as contestants
from ...operators.roi_align.workloads import CPU_ROWS, problem

ROWS = ("a1", "a2", "b1", "c1", "e", "f")
DTYPES = ("float32", "float16", "bfloat16")


def smallest(functions):
    """Returns the median seconds of each of some functions that take microseconds; they take turns."""
    from ...measuring.timing import host_seconds, interleave, summarise

    timed = {name: partial(host_seconds, function) for name, function in functions.items()}
    return {name: summarise(samples).median for name, samples in interleave(timed, 0.2, least=100, most=10_000).items()}


class Forward:
    """All calls of a row, on all cores, with the output arrays given."""

    params = (ROWS, LAYOUTS, DTYPES)
    param_names = ("row", "layout", "dtype")
    timeout = 120

    def setup(self, row, layout, dtype):
        if not hasattr(self, "calls"):  # asv sets up anew before every sample
            self.calls = contestants.roikit(problem(CPU_ROWS[row]), layout, dtype)
            self.calls()  # compiles

    def time_forward(self, row, layout, dtype):
        self.calls()


class Memory:
    """The peak memory of a process that makes all calls of a row, maps included."""

    params = (ROWS, LAYOUTS)
    param_names = ("row", "layout")
    timeout = 120

    def setup(self, row, layout):
        self.calls = contestants.roikit(problem(CPU_ROWS[row]), layout, "float32")

    def peakmem_forward(self, row, layout):
        self.calls()


class PerOutput:
    """Nanoseconds per output element on one thread: what rows of different sizes can be compared by."""

    params = (ROWS, LAYOUTS)
    param_names = ("row", "layout")
    timeout = 120
    unit = "ns per output element"

    def setup(self, row, layout):
        use_threads(1)
        self.calls = contestants.roikit(problem(CPU_ROWS[row]), layout, "float32")
        self.calls()

    def track_ns_per_output(self, row, layout):
        from ...measuring.timing import host_seconds, interleave, summarise

        samples = interleave({"ours": lambda: host_seconds(self.calls)}, seconds=0.5, least=3)
        return summarise(samples["ours"]).median / CPU_ROWS[row].outputs * 1e9


class Call:
    """What a call costs besides its work: one RoI, one bin, one channel. The median of many, even if asv is to be quick."""

    unit = "seconds"

    def setup(self):
        level = problem(CPU_ROWS["e"]).levels[0]
        self.feature, self.boxes = level.feature[:, :1, :8, :8].copy(), level.boxes[:1]

    def call(self):
        return roi_align(self.feature, self.boxes, 1)

    def track_smallest_call(self):
        return smallest({"ours": self.call})["ours"]


class CallRatio:
    """Our smallest call ÷ that of torchvision's operator, on the same arrays, in turns."""

    unit = "our time ÷ torchvision's"

    def setup(self):
        if find_spec("torchvision") is None:
            raise NotImplementedError("torchvision is not installed")
        import torch
        import torchvision

        torch.set_num_threads(1)
        use_threads(1)
        ours = Call()
        ours.setup()
        given = torch.from_numpy(ours.feature), torch.from_numpy(ours.boxes)
        operator = torchvision.ops.roi_align
        self.functions = {"ours": ours.call, "torchvision": lambda: operator(*given, 1)}

    def track_smallest_call(self):
        seconds = smallest(self.functions)
        return seconds["ours"] / seconds["torchvision"]
