"""What a CPU can do at most, measured in the run whose times are held against it: bytes that are read, copied, and sums.

Reading is a dot product, copying a copy, and sums are a product of matrices, as NumPy's libraries make them; each thread has
arrays of its own. Arrays past the caches are four times the last of them; arrays within a core's cache are half of the
second. All threads together read arrays of sizes between these again and again: what the last cache is said to hold, a virtual
machine may share with others.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .floors import Rates
from .probes import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_USUAL = {2: 2**20, 3: 32 * 2**20}
"""Sizes of caches by level, where the system does not tell."""
_ROUND_SECONDS = 0.03
_SIDE = 384
"""Of the matrices: three fit into a core's second cache."""

_READ_AGAIN = tuple(2**k * 2**20 for k in range(1, 9))
"""Bytes of arrays that are read again and again: from what a core's cache may hold to more than the rows of any operator have."""

READ, READ_CACHED, COPIED, SUMS = (
    "read past the caches",
    "read within a core's cache",
    "copy, read and written",
    "float32 sums and products",
)


def cache_bytes(level: int) -> int:
    """The size of the first core's data cache of this level."""
    for folder in sorted(_CACHES.glob("index*")):
        kind, its_level, size = ((folder / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction" and int(its_level) == level:
            return int(size.removesuffix("K")) * 1024
    return _USUAL[level]


@dataclass(frozen=True)
class HostRates:
    """What so many threads of a CPU can do, where all of it comes from memory; and the bytes per second of arrays of some sizes.

    Attributes:
        past_caches: From memory.
        again: For each size, in bytes and in ascending order, how many bytes a second are read of an array of that size.
    """

    past_caches: Rates
    again: tuple[tuple[int, float], ...]

    def of(self, working_set: int) -> Rates:
        """Those where so many bytes are read again and again.

        To be a bound, that of the largest array measured that is not larger; or of a larger one, which cannot be read faster.
        """
        place = bisect_right([size for size, _ in self.again], working_set)
        rate = max(rate for _, rate in self.again[place - 1 :]) if place else self.past_caches.l2
        return replace(self.past_caches, memory=rate)


def measure(threads: int, seconds: float = 0.4) -> list[dict[str, Any]]:
    """What so many threads can do together, as a record has its probes; about ``seconds`` for each.

    Raises:
        ImportError: threadpoolctl is not installed, without which NumPy's libraries start threads of their own.
    """
    from threadpoolctl import threadpool_limits

    many, few = cache_bytes(3) // threads, cache_bytes(2) // 8  # numbers of four bytes
    large, other, small = ([np.ones(n, np.float32) for _ in range(threads)] for n in (many, many, few))
    matrices = [np.ones((3, _SIDE, _SIDE), np.float32) for _ in range(threads)]
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:

        def rate(work: Callable[..., object], of_threads: Iterable[Sequence[Any]], amount: float) -> tuple[float, int]:
            rounds = [_round(pool, work, of_threads) for _ in range(max(int(seconds / _ROUND_SECONDS), 3))]
            return amount * max(rounds), len(rounds)

        found = {
            READ: rate(np.dot, [(one, one) for one in large], 4 * many),
            READ_CACHED: rate(np.dot, [(one, one) for one in small], 4 * few),
            COPIED: rate(np.copyto, list(zip(other, large, strict=True)), 2 * 4 * many),
            **{
                _again(size): rate(np.dot, [(one[: size // 4 // threads],) * 2 for one in large], size // threads)
                for size in _READ_AGAIN
                if size // threads <= 4 * many
            },
            SUMS: rate(_multiply, [(each,) for each in matrices], 2 * _SIDE**3),
        }
    units = {SUMS: "1/s"}
    return [
        probe(0, _named(name, threads), value, units.get(name, "byte/s"), "none", samples)
        for name, (value, samples) in found.items()
    ]


def rates(found: Sequence[dict[str, Any]], threads: int) -> HostRates | None:
    """What floors are computed from, of so many threads: what was measured. Nothing is assumed of a CPU."""
    values = {item["name"]: item["value"] for item in found}
    wanted = [_named(name, threads) for name in (READ, READ_CACHED, SUMS)]
    if not values.keys() >= set(wanted):
        return None
    past_caches = Rates(*(values[name] for name in wanted), f"measured on {threads} of the CPU's threads")
    again = [(size, values.get(_named(_again(size), threads))) for size in _READ_AGAIN]
    return HostRates(past_caches, tuple((size, rate) for size, rate in again if rate is not None))


def _again(size: int) -> str:
    return f"read again, {size / 2**20:g} MiB in all"


def _named(name: str, threads: int) -> str:
    return f"{name}, {threads} thread{'s' if threads > 1 else ''}"


def _multiply(matrices: np.ndarray) -> None:
    np.matmul(matrices[0], matrices[1], out=matrices[2])


def _round(pool: ThreadPoolExecutor, work: Callable[..., object], of_threads: Iterable[Sequence[Any]]) -> float:
    """How often a second all threads together did a thread's work, over a short while."""

    def repeat(arguments: Sequence[Any]) -> float:
        begin, times = time.perf_counter(), 0
        while (now := time.perf_counter()) < begin + _ROUND_SECONDS or not times:
            work(*arguments)
            times += 1
        return times / (now - begin)

    return sum(pool.map(repeat, of_threads))
