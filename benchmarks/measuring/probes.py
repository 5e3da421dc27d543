"""The first measurements to make on a GPU: its own rates, each beside its prediction.

The numbers are those of the list of eight. 2 and 3, what a library's kernel takes, are an operator's own probes; 8 is in the
counters of the profiler.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .device import Timer, probe_kernel
from .floors import ASSUMED, Rates
from .timing import summarise

if TYPE_CHECKING:
    from collections.abc import Callable

_L2_BUFFER = 24 * 2**20
_STREAM_BYTES = 822_083_584  # the output of row c in float32
_COPY_BYTES = 2**30
_THREADS = 512


def probe(number: int, name: str, value: float, unit: str, predicted: str, samples: int) -> dict[str, Any]:
    """What a record says of a measurement."""
    return {"number": number, "name": name, "value": value, "unit": unit, "predicted": predicted, "samples": samples}


def _time(timer: Timer, work: Callable[[], object], seconds: float = 0.3) -> tuple[float, int]:
    """The median seconds of a replay of ``work``, and the number of samples."""
    replay = timer.capture(work)
    samples = timer.samples({"it": replay}, {"it": 1}, seconds, warm=True)["it"]
    return summarise(samples).median, len(samples)


def bandwidths(timer: Timer) -> list[dict[str, Any]]:
    """Measures L2 reads (1), writes past the cache (5), and a copy, in bytes per second."""
    import cupy

    blocks = 4 * int(cupy.cuda.Device().attributes["MultiProcessorCount"])
    small, sink, passes = cupy.ones(_L2_BUFFER // 4, np.float32), cupy.zeros(1, np.float32), 16
    read, write = probe_kernel("read_l2"), probe_kernel("write_stream")
    count = np.int64(_L2_BUFFER // 16)
    seconds, samples = _time(timer, lambda: read((blocks,), (_THREADS,), (small, count, np.int32(passes), sink)))
    found = [probe(1, "L2 read", passes * _L2_BUFFER / seconds, "byte/s", "5.5e12", samples)]
    large = cupy.empty(_STREAM_BYTES // 4, np.float32)
    vectors = np.int64(_STREAM_BYTES // 16)
    seconds, samples = _time(timer, lambda: write((blocks,), (_THREADS,), (large, vectors, np.float32(1.5))))
    found.append(probe(5, "write 822 MB", seconds * 1e6, "µs", "190-200", samples))
    source, target = cupy.ones(_COPY_BYTES // 4, np.float32), cupy.empty(_COPY_BYTES // 4, np.float32)
    seconds, samples = _time(
        timer,
        lambda: cupy.cuda.runtime.memcpyAsync(
            target.data.ptr, source.data.ptr, _COPY_BYTES, cupy.cuda.runtime.memcpyDeviceToDevice, timer.stream.ptr
        ),
    )
    found.append(probe(0, "copy, read and written", 2 * _COPY_BYTES / seconds, "byte/s", "4.3e12", samples))
    return found


def rates(found: list[dict[str, Any]]) -> Rates:
    """The rates that floors are computed from: those measured, or assumed."""
    values = {item["name"]: item["value"] for item in found}
    if not {"L2 read", "copy, read and written"} <= values.keys():
        return ASSUMED
    return Rates(values["copy, read and written"], values["L2 read"], ASSUMED.float32, "measured; float32 rate assumed")


def atomics(timer: Timer) -> list[dict[str, Any]]:
    """Measures additions to memory (4): updates of 32-byte sectors per second, spread over 128 MB and within 64 kB."""
    import cupy

    device = cupy.cuda.Device()
    blocks, threads, times = 4 * int(device.attributes["MultiProcessorCount"]), 256, 64
    kernels = {"scalar": "add_scalar"}
    if int(device.compute_capability) >= 90:
        kernels |= {"16 bytes": "add_vector", "bulk": "add_bulk"}
    found = []
    for where, sectors in (("spread", 2**22), ("contended", 2**11)):
        data = cupy.zeros(sectors * 8, np.float32)
        for name, entry in kernels.items():
            kernel = probe_kernel(entry)
            work = partial(kernel, (blocks,), (threads,), (data, np.int64(sectors), np.int32(times)))
            seconds, samples = _time(timer, work)
            updates = blocks * threads * times  # a warp of add_bulk updates 32 sectors at a time
            predicted = "98e9" if (name, where) == ("scalar", "spread") else "none"
            found.append(probe(4, f"add {name}, {where}", updates / seconds, "sector/s", predicted, samples))
    return found


def launches(timer: Timer) -> list[dict[str, Any]]:
    """Measures the host's time of empty launches (6)."""
    import cupy

    array = cupy.zeros(4, np.float32)
    numbers = [np.int32(1)] * 7
    arguments = {
        "empty_five": (array, array, array, np.int32(1), np.int32(1)),
        "empty_twelve": (array, array, array, *numbers, np.float32(1), np.float32(1)),
        "empty_struct": (np.zeros((), np.dtype([("bytes", np.uint8, 80)])),),
    }
    found = []
    for name, values in arguments.items():
        kernel = probe_kernel(name)
        work = partial(kernel, (1,), (32,), values)
        found.append(_host(timer, f"launch {name.removeprefix('empty_')}", work, "6-12"))
    kernel = probe_kernel("empty_five")
    replay = timer.capture(partial(kernel, (1,), (32,), arguments["empty_five"]))
    found.append(_host(timer, "graph replay", replay, "2-3"))
    return found


def _host(timer: Timer, name: str, work: Callable[[], object], predicted: str) -> dict[str, Any]:
    batches, each = 50, 20
    samples = []
    with timer.stream:
        for _ in range(batches):
            started = time.perf_counter()
            for _ in range(each):
                work()
            samples.append((time.perf_counter() - started) / each)
            timer.stream.synchronize()
    return probe(6, f"{name}, host", summarise(samples[5:]).median * 1e6, "µs", predicted, len(samples) - 5)


def sorts(timer: Timer) -> list[dict[str, Any]]:
    """Measures sorting K keys (7) by CuPy, host included: it allocates, so that it cannot be captured."""
    import cupy

    found = []
    for count in (1024, 4096):
        keys = cupy.asarray(np.random.default_rng(0).integers(0, 2**31, count).astype(np.uint32))
        timer.host_times(partial(cupy.argsort, keys))
        samples = [timer.host_times(partial(cupy.argsort, keys))[1] for _ in range(50)]
        found.append(probe(7, f"argsort {count} keys", summarise(samples).median * 1e6, "µs", "10-20", len(samples)))
    return found
