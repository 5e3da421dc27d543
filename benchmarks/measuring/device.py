"""Times work on a GPU: graphs of it, between events, behind a kernel that keeps the GPU busy meanwhile.

Nothing of the host is in such a time. Each graph makes several launches: for *hot* inputs again and again on the same arrays,
right after a replay that is not timed; for *cold* inputs in turn on as many copies of them as exceed twice the L2 cache.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .timing import rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SOURCE = Path(__file__).with_name("probes.cu")
_BUSY_CYCLES = 3_000_000  # 1.5 ms or so: the host needs less to queue a round


def probe_kernel(name: str) -> Any:
    """A kernel of probes.cu."""
    import cupy

    return cupy.RawKernel(SOURCE.read_text(encoding="utf-8"), name, options=("-std=c++17",))


class Timer:
    """A stream, and the means to time what is queued on it."""

    def __init__(self) -> None:
        import cupy

        self._cupy = cupy
        self.stream = cupy.cuda.Stream(non_blocking=True)
        self._spin = probe_kernel("spin")

    def capture(self, work: Callable[[], object]) -> Callable[[], None]:
        """A function that replays ``work``, CuPy's or raw launches, on the current stream."""
        with self.stream:
            work()  # compiles and fills the memory pool, which a capture may not
            self.stream.synchronize()
            self.stream.begin_capture()
            try:
                work()
            finally:
                graph = self.stream.end_capture()
            graph.upload(self.stream)
        return lambda: graph.launch(self.stream)

    def seconds(
        self, replays: Mapping[str, Callable[[], None]], order: Sequence[str], *, warm: bool
    ) -> dict[str, float]:
        """The seconds of one replay of each, in this order; ``warm`` replays each once before."""
        events = {name: (self._cupy.cuda.Event(), self._cupy.cuda.Event()) for name in order}
        with self.stream:
            self._spin((1,), (1,), (np.int64(_BUSY_CYCLES),))
            for name in order:
                if warm:
                    replays[name]()
                events[name][0].record(self.stream)
                replays[name]()
                events[name][1].record(self.stream)
            self.stream.synchronize()
        return {name: self._cupy.cuda.get_elapsed_time(*pair) / 1e3 for name, pair in events.items()}

    def samples(
        self,
        replays: Mapping[str, Callable[[], None]],
        launches: Mapping[str, int],
        seconds: float,
        *,
        warm: bool,
        least: int = 10,
        most: int = 100,
    ) -> dict[str, list[float]]:
        """Samples of the seconds of one launch, the graphs taking turns; ``launches`` are those of a replay."""
        whole = rounds(lambda order: self.seconds(replays, order, warm=warm), list(replays), seconds, least, most)
        return {name: [sample / launches[name] for sample in samples] for name, samples in whole.items()}

    def host_times(self, work: Callable[[], object]) -> tuple[float, float]:
        """The host's seconds of queueing ``work``, and of queueing it and waiting until it is done."""
        with self.stream:
            self.stream.synchronize()
            started = time.perf_counter()
            work()
            queued = time.perf_counter()
            self.stream.synchronize()
            return queued - started, time.perf_counter() - started


def l2_bytes() -> int:
    """The size of the L2 cache of the current device."""
    import cupy

    return int(cupy.cuda.Device().attributes["L2CacheSize"])


def allocated_bytes(work: Callable[[], object]) -> int:
    """How much memory ``work`` asks CuPy for, in bytes."""
    from cupy.cuda.memory_hook import MemoryHook

    class Count(MemoryHook):
        name = "count"
        total = 0

        def malloc_postprocess(self, **fields: int) -> None:
            self.total += fields["mem_size"]

    with Count() as count:
        work()
    return count.total
