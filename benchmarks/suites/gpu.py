"""Series on a GPU that any operator can have. All rows are measured once, as for a record: each series takes its figure there.

Lower is better for every series. A row whose result is wrong fails, however fast it was. asv leaves abstract classes alone. A
derived class writes a ``setup_cache`` of its own, since asv tells these apart by where they are written.
"""

import math
from abc import ABC, abstractmethod
from importlib.util import find_spec

from ..measuring import gpu, machine
from ..operators import operator_called

ROWS = ("a1", "b1", "c1", "d1", "e", "f")
VARIANTS = ("NCHW float32", "NHWC float32", "NHWC float16")
PARAMS = (ROWS, VARIANTS) if find_spec("cupy") else (ROWS[:1], VARIANTS[:1])
"""The rows that asv starts a process for; without CuPy one in each series is enough to be skipped."""


def figures(measured):
    """The figures of each variant of ours from the record of a row."""
    found = {}
    for entry in measured["entries"]:
        if entry["library"] != "roikit":
            continue
        variant = f"{entry['layout']} {entry['dtype']}"
        peer = f"torchvision {variant}"
        ratio = [r["ratio"] for r in measured["ratios"] if (r["ours"], r["peer"], r["kind"]) == (variant, peer, "cold")]
        found[variant] = {
            "verdict": entry["verdict"],
            "cold_us": entry["times"]["cold"]["median"] * 1e6,
            "hot_us": entry["times"]["hot"]["median"] * 1e6,
            "floor_gap": 1 - entry["floor_fraction"]["cold"],
            "ratio": ratio[0] if ratio else math.nan,
            "call_us": entry["times"]["queued"]["median"] * 1e6,
            "workspace": entry["workspace_bytes"],
        }
    return found


def measure(name, operation):
    """The figures of those of `ROWS` that an operator has, in one of its operations; none without a GPU."""
    if not gpu.present():
        return {}
    from ..measuring import probes
    from ..measuring.device import Timer
    from ..record import gpu_rows

    operator = operator_called(name)
    rates = probes.rates(probes.bandwidths(Timer()))
    about = operator, operator.operations(operation)
    return {
        row: figures(gpu_rows.measure_on_gpu(*about, operator.gpu_rows[row], rates, 1.0, machine.cores(), VARIANTS))
        for row in ROWS
        if row in operator.gpu_rows
    }


class Series(ABC):
    params = PARAMS
    param_names = ("row", "variant")

    @abstractmethod
    def setup_cache(self):
        """The figures of all rows, `measure`."""

    def setup(self, cache, row, variant):
        if not cache:
            raise NotImplementedError("CuPy finds no GPU here")
        if row not in cache:
            raise NotImplementedError("the operator has no such row")
        if cache[row][variant]["verdict"] != "correct":
            raise RuntimeError("the result is wrong")

    def track_kernel_cold(self, cache, row, variant):
        return cache[row][variant]["cold_us"]

    track_kernel_cold.unit = "µs"

    def track_kernel_hot(self, cache, row, variant):
        return cache[row][variant]["hot_us"]

    track_kernel_hot.unit = "µs"

    def track_gap_to_floor(self, cache, row, variant):
        return cache[row][variant]["floor_gap"]

    track_gap_to_floor.unit = "1 − fraction of the floor"

    def track_ratio_torchvision(self, cache, row, variant):
        return cache[row][variant]["ratio"]

    track_ratio_torchvision.unit = "our time ÷ torchvision's"

    def track_python_call(self, cache, row, variant):
        return cache[row][variant]["call_us"]

    track_python_call.unit = "µs"

    def track_workspace(self, cache, row, variant):
        return cache[row][variant]["workspace"]

    track_workspace.unit = "bytes"
