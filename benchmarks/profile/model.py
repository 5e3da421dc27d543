"""How long a launch should take by what was counted of it. Predicted, never measured.

A launch takes as long as what it has least of; launches follow each other, and take no time to begin. With M multiprocessors of
which b = min(M, blocks) have work, S schedulers, f cycles per second, R resident blocks of W warps:

* issue = instructions of PTX ÷ (b S f); machine code has more;
* heaviest block = its instructions ÷ (S f);
* wavefronts = (128-byte lines of global memory + wavefronts of shared memory) ÷ (b f);
* L2 = 32 · (sectors that miss the first cache or are written) ÷ its rate;
* atomics = 32-byte sectors that are added to ÷ their rate;
* memory = 32 · (sectors that come from memory at least once + those that are written at least once) ÷ its rate;
* waits = Σ waits of a warp · latency ÷ (b R W f), where a load of global memory has the latency of the first cache or of the L2
  cache in the proportion of its sectors that hit and miss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from roikit.kernels.emulation.counting import SECTOR_BYTES, Requests

from .device import H200

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .launched import Launched

_WARP = 32


class Limits(NamedTuple):
    """Seconds that a launch takes at least, for each of what it needs."""

    issue: float
    heaviest_block: float
    wavefronts: float
    l2: float
    atomics: float
    memory: float
    waits: float


def limits(launched: Launched) -> Limits:
    """Those of a launch on `device.H200`."""
    counts, weight = launched.counts, launched.weight
    busy = min(H200.multiprocessors, counts.blocks)
    warps = -(-counts.threads // _WARP) * launched.residence.blocks
    all_requests = sum(counts.requests.values(), Requests())
    added = sum(counts.requests[what].sent for what in counts.requests if what.startswith("atomic global"))
    return Limits(
        issue=weight * counts.instructions / (busy * H200.schedulers * H200.hertz),
        heaviest_block=max(counts.issued_of_block) / (H200.schedulers * H200.hertz),
        wavefronts=weight * all_requests.wavefronts / (busy * H200.hertz),
        l2=weight * all_requests.sent * SECTOR_BYTES / H200.rates.l2,
        atomics=weight * added / H200.atomics,
        memory=launched.memory_sectors * SECTOR_BYTES / H200.rates.memory,
        waits=weight * _waiting_cycles(launched) / (busy * warps * H200.hertz),
    )


def _waiting_cycles(launched: Launched) -> float:
    counts = launched.counts
    loads = counts.requests.get("load global", Requests())
    missing = loads.sent / max(1, loads.sectors)
    latency = H200.cache_cycles + missing * (H200.l2_cycles - H200.cache_cycles)
    return counts.loads["global"].waits * latency + counts.loads["shared"].waits * H200.shared_cycles


def limiting(found: Limits) -> tuple[str, float]:
    """What takes longest, and how long."""
    named: Mapping[str, float] = found._asdict()
    name = max(named, key=lambda each: named[each])
    return name.replace("_", " "), named[name]
