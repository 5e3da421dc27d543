"""The GPU that times are predicted for, and how much of its first cache a block has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..assembler import occupancy
from ..measuring.floors import ASSUMED

if TYPE_CHECKING:
    from ..measuring.floors import Rates

_KIB = 1024

UNIFIED_BYTES = {
    "sm_75": 96 * _KIB,
    "sm_80": 192 * _KIB,
    "sm_86": 128 * _KIB,
    "sm_89": 128 * _KIB,
    "sm_90": 256 * _KIB,
    "sm_100": 256 * _KIB,
    "sm_120": 128 * _KIB,
}
"""Memory of a multiprocessor for its first cache and shared memory, from the same guide as `occupancy.LIMITS`."""


@dataclass(frozen=True, slots=True)
class Device:
    """What a GPU can do. None of it was measured.

    Attributes:
        multiprocessors: How many it has.
        schedulers: Of a multiprocessor; each issues an instruction of a warp in a cycle.
        hertz: Cycles per second.
        rates: Bytes per second from memory and from the L2 cache.
        atomics: Sectors per second that the L2 cache adds to.
        shared_cycles, cache_cycles, l2_cycles: From a load to what it brings: from shared memory, the first cache, the L2 cache.
    """

    multiprocessors: int
    schedulers: int
    hertz: float
    rates: Rates
    atomics: float
    shared_cycles: int
    cache_cycles: int
    l2_cycles: int


H200 = Device(132, 4, 1.83e9, ASSUMED, 98e9, 30, 40, 270)
"""As the floors assume one; latencies are assumed too, in tens of cycles."""

ARCHITECTURE = "sm_90"
"""The architecture of the GPU that times are predicted for."""


@dataclass(frozen=True, slots=True)
class Residence:
    """How many blocks of a launch a multiprocessor holds at once, and the room of the first cache that each has for itself."""

    blocks: int
    cache_bytes: int


def residence(architecture: str, blocks: int, *, threads: int, registers: int, shared_bytes: int) -> Residence:
    """That of a launch of so many blocks, spread evenly over the multiprocessors.

    The cache has what shared memory leaves; all blocks of a multiprocessor have equal parts of it.
    """
    most = occupancy.predict(architecture, threads=threads, registers=registers, shared_bytes=shared_bytes).blocks
    held = max(1, min(most, math.ceil(blocks / H200.multiprocessors)))
    taken = held * (shared_bytes + occupancy.LIMITS[architecture].reserved_bytes)
    return Residence(held, max(0, UNIFIED_BYTES[architecture] - taken) // held)
