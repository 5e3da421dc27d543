"""The time that a machine needs at least: for bytes from memory, for bytes from a cache, for sums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """What a machine can do, per second: bytes from memory, bytes from the L2 cache (a core's, on a CPU), float32 operations."""

    memory: float
    l2: float
    float32: float
    source: str


ASSUMED = Rates(4.3e12, 5.5e12, 67e12, "an H200, assumed before any measurement")


@dataclass(frozen=True)
class Floor:
    """The floors of a row: bytes, and seconds for cold and hot inputs."""

    touched_bytes: int
    footprint_bytes: int
    output_bytes: int
    cold: float
    hot: float


def floor_of(touched: int, footprint: int, output: int, operations: int, rates: Rates) -> Floor:
    """The floors of a call. With inputs that stay in the L2 cache (hot), memory is left out.

    Args:
        touched: Bytes, each counted once, however many RoIs read it.
        footprint: The same bytes, counted for each RoI that reads them.
        output: Bytes that are written.
        operations: In float32.
        rates: What the machine can do.
    """
    from_memory, from_l2 = (touched + output) / rates.memory, (footprint + output) / rates.l2
    arithmetic = operations / rates.float32
    return Floor(touched, footprint, output, max(from_memory, from_l2, arithmetic), max(from_l2, arithmetic))
