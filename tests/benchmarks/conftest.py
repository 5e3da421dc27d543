import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks/ is not installed

from benchmarks import workloads  # noqa: E402
from benchmarks.measuring import machine  # noqa: E402
from benchmarks.operators.roi_align import calls as calls_of_roi_align  # noqa: E402
from benchmarks.operators.roi_align.operator import ROI_ALIGN  # noqa: E402
from benchmarks.operators.roi_align.workloads import RoiAlignRow  # noqa: E402
from roikit import kernels  # noqa: E402


def small_and_large_boxes(rng, count):
    """Returns boxes of which half belong to stride 8 and half to stride 16, on an image of 320 × 500 pixels."""
    sides = np.where(np.arange(count)[:, None] % 2, rng.uniform(230, 300, (count, 2)), rng.uniform(20, 60, (count, 2)))
    first = rng.uniform(0, 1, (count, 2)) * ((500, 320) - sides)
    return np.hstack([first, first + sides])


@pytest.fixture
def small(monkeypatch):
    """A row of two levels that is measured in no time, under the name a1."""
    monkeypatch.setenv("ROIKIT_NUM_THREADS", "1")  # restored afterwards: what is measured sets it
    monkeypatch.setattr(workloads, "PADDED", (320, 512))
    row = RoiAlignRow("a1", "small", 2, 6, 9, (8, 16), 3, small_and_large_boxes, 2)
    monkeypatch.setitem(ROI_ALIGN.cpu_rows, "a1", row)
    monkeypatch.setitem(ROI_ALIGN.gpu_rows, "a1", row)
    return row


class Gpu:
    """A stand-in for a GPU counts launches, which take a fixed time by its own clock; while capturing they take none."""

    launch_seconds = 100e-6
    clock = 0.0
    captured = None

    def launch(self):
        if self.captured is None:
            self.clock += self.launch_seconds
        else:
            self.captured += 1


class Array(np.ndarray):
    @property
    def data(self):
        host = self.view(np.ndarray)

        def memset(value, size):
            assert size == host.nbytes
            host.view(np.uint8)[...] = value

        return SimpleNamespace(ptr=self.ctypes.data, memset=memset)

    def get(self):
        return self.view(np.ndarray)


def stand_in(gpu):  # noqa: C901 - a module's worth of names
    class Stream:
        ptr = 1

        def __init__(self, non_blocking):
            assert non_blocking, "the default stream cannot be captured"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def synchronize(self):
            assert gpu.captured is None, "waiting while capturing"

        def begin_capture(self):
            gpu.captured = 0

        def end_capture(self):
            count, gpu.captured = gpu.captured, None

            def launch(stream):
                gpu.clock += count * gpu.launch_seconds

            return SimpleNamespace(upload=lambda stream: None, launch=launch)

    class Event:
        def record(self, stream):
            self.at = gpu.clock

    class Device:
        id = 0
        compute_capability = "90"
        attributes = {"MultiProcessorCount": 4, "L2CacheSize": 2**20}

        def synchronize(self):
            return None

    class MemoryHook:
        def __enter__(self):
            gpu.hook = self
            return self

        def __exit__(self, *_):
            gpu.hook = None

    def raw_kernel(text, name, options):
        assert f"void {name}(" in text

        def launch(grid, block, values, **_):
            assert all(isinstance(value, np.generic | np.ndarray) for value in values), "CuPy guesses Python's numbers"
            gpu.launch()

        return launch

    def array(maker):
        return lambda *arguments, **keywords: maker(*arguments, **keywords).view(Array)

    cupy = ModuleType("cupy")
    cupy.cuda = ModuleType("cupy.cuda")
    cupy.cuda.memory_hook = ModuleType("cupy.cuda.memory_hook")
    cupy.cuda.memory_hook.MemoryHook = MemoryHook
    cupy.cuda.Stream, cupy.cuda.Event, cupy.cuda.Device = Stream, Event, Device
    cupy.cuda.get_elapsed_time = lambda start, end: (end.at - start.at) * 1e3
    cupy.cuda.runtime = SimpleNamespace(
        memcpyAsync=lambda *_: gpu.launch(),
        memcpyDeviceToDevice=3,
        getDeviceProperties=lambda number: {"name": b"Stand-in", "totalGlobalMem": 2**30},
        driverGetVersion=lambda: 13000,
        runtimeGetVersion=lambda: 13000,
    )
    cupy.RawKernel = raw_kernel
    cupy.asarray, cupy.empty, cupy.zeros, cupy.ones = map(array, (np.array, np.empty, np.zeros, np.ones))
    cupy.ascontiguousarray, cupy.argsort = array(np.ascontiguousarray), array(np.argsort)
    cupy.get_default_memory_pool = lambda: SimpleNamespace(free_all_blocks=lambda: None)
    return cupy


@pytest.fixture
def gpu(monkeypatch):
    state = Gpu()
    cupy = stand_in(state)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupy.cuda", cupy.cuda)
    monkeypatch.setitem(sys.modules, "cupy.cuda.memory_hook", cupy.cuda.memory_hook)

    def on_host(feature, boxes, *arguments, out, **keywords):
        state.launch()
        kernels.roi_align(feature.get(), boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    def gradient_on_host(grad, boxes, *arguments, out, **keywords):
        state.launch()
        outs = [one.get() for one in out] if isinstance(out, list) else out.get()
        function = "multiscale_roi_align_backward" if isinstance(out, list) else "roi_align_backward"
        getattr(kernels, function)(grad.get(), boxes.get(), *arguments, out=outs, **keywords)
        return out

    def pooler_on_host(maps, boxes, *arguments, out, **keywords):
        state.launch()
        kernels.multiscale_roi_align([one.get() for one in maps], boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    def boxes_on_host(grad, maps, boxes, *arguments, out, **keywords):
        state.launch()
        kernels.roi_align_backward_boxes(grad.get(), maps.get(), boxes.get(), *arguments, out=out.get(), **keywords)
        return out

    for place, name, stand_in_of in (
        (calls_of_roi_align, "roi_align", on_host),
        (calls_of_roi_align, "roi_align_backward", gradient_on_host),
        (calls_of_roi_align, "roi_align_backward_boxes", boxes_on_host),
        (calls_of_roi_align, "multiscale_roi_align", pooler_on_host),
        (calls_of_roi_align, "multiscale_roi_align_backward", gradient_on_host),
    ):
        monkeypatch.setattr(place, name, stand_in_of)
    monkeypatch.setattr(machine, "gpu_state", lambda: [{"name": "Stand-in", "clocks.sm": "1 MHz"}])
    return state
