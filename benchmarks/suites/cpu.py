"""Series on a CPU that any operator can have: it derives from these classes, and says which operations and rows it follows.

asv leaves abstract classes alone. Times of our kernels are of calls with the output arrays given.
"""

from abc import ABC, abstractmethod
from functools import partial

from ..measuring.contestant import use_threads
from ..operators import operator_called
from ..workloads import problem


def smallest(functions):
    """The median seconds of each of some functions that take microseconds; they take turns."""
    from ..measuring.timing import host_seconds, interleave, summarise

    timed = {name: partial(host_seconds, function) for name, function in functions.items()}
    return {name: summarise(samples).median for name, samples in interleave(timed, 0.2, least=100, most=10_000).items()}


class Series(ABC):
    """``operator`` is the name of an operator; ``params`` begin with its operations."""

    timeout = 120

    @property
    @abstractmethod
    def operator(self):
        """The name of the operator."""

    def row(self, name):
        return operator_called(self.operator).cpu_rows[name]

    def prepared(self, operation, row, layout, dtype):
        """Ours, prepared for all calls of a row."""
        return operator_called(self.operator).cpu.ours[operation](problem(self.row(row)), layout, dtype)


class Time(Series):
    """All calls of a row, on all cores."""

    param_names = ("operation", "row", "layout", "dtype")

    def setup(self, operation, row, layout, dtype):
        if not hasattr(self, "calls"):  # asv sets up anew before every sample
            self.calls = self.prepared(operation, row, layout, dtype)
            self.calls()  # compiles

    def time_operation(self, operation, row, layout, dtype):
        self.calls()


class Memory(Series):
    """The peak memory of a process that makes all calls of a row, maps included."""

    param_names = ("operation", "row", "layout")

    def setup(self, operation, row, layout):
        self.calls = self.prepared(operation, row, layout, "float32")

    def peakmem_operation(self, operation, row, layout):
        self.calls()


class PerOutput(Series):
    """Nanoseconds on one thread per element of the pooled output, for gradients too: by this, rows of different sizes compare."""

    param_names = ("operation", "row", "layout")
    unit = "ns per output element"

    def setup(self, operation, row, layout):
        use_threads(1)
        self.calls = self.prepared(operation, row, layout, "float32")
        self.calls()

    def track_ns_per_output(self, operation, row, layout):
        from ..measuring.timing import host_seconds, interleave, summarise

        samples = interleave({"ours": lambda: host_seconds(self.calls)}, seconds=0.5, least=3)
        return summarise(samples["ours"]).median / self.row(row).outputs * 1e9


class Call(ABC):
    """What a call costs besides its work: one RoI, one bin, one channel. The median of many, even if asv is to be quick."""

    unit = "seconds"

    @abstractmethod
    def call(self):
        """Makes the call."""

    def track_smallest_call(self):
        return smallest({"ours": self.call})["ours"]


class CallRatio(ABC):
    """Our smallest call ÷ that of torchvision's operator, on the same arrays, in turns."""

    unit = "our time ÷ torchvision's"

    @abstractmethod
    def both(self, torch, torchvision):
        """Our smallest call and torchvision's: functions of no arguments."""

    def setup(self):
        try:
            import torch
            import torchvision
        except ImportError as error:
            raise NotImplementedError("torchvision is not installed") from error
        torch.set_num_threads(1)
        use_threads(1)
        ours, theirs = self.both(torch, torchvision)
        self.functions = {"ours": ours, "torchvision": theirs}

    def track_smallest_call(self):
        seconds = smallest(self.functions)
        return seconds["ours"] / seconds["torchvision"]


def smallest_arrays(row):
    """A map of 8 × 8 pixels and one box, for the smallest call: they are those of a row."""
    level = problem(row).levels[0]
    return level.feature[:, :1, :8, :8].copy(), level.boxes[:1]
