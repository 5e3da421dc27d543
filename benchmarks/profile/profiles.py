"""What the launches of all calls of a row add up to, for each value that pooling gives."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from roikit.kernels.emulation.counting import SECTOR_BYTES, Requests

from . import model
from .device import ARCHITECTURE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..measuring.floors import Floor
    from .launched import Launched

_WARP = 32


@dataclass(frozen=True)
class Profile:
    """What a contestant does for all calls of a row.

    Attributes:
        operator, operation, row: What was called, by name.
        library, layout, dtype, architecture: Whose kernels, and for what they are compiled.
        values: Elements that pooling gives: those of the output, or of the gradient that arrives there.
        launches: In order.
        floor: The least that must be done, and the time that it takes.
    """

    operator: str
    operation: str
    row: str
    library: str
    layout: str
    dtype: str
    architecture: str
    values: int
    launches: tuple[Launched, ...]
    floor: Floor

    def _sum(self, numbers: Iterable[float]) -> float:
        return sum(launch.weight * number for launch, number in zip(self.launches, numbers, strict=True))

    def _requests(self, kind: str) -> Requests:
        """Those of a kind in all launches, as though all blocks had run."""
        found = [0.0] * len(Requests._fields)
        for launch in self.launches:
            for what, requests in launch.counts.requests.items():
                if what.endswith(kind):
                    found = [a + launch.weight * b for a, b in zip(found, requests, strict=True)]
        return Requests(*map(round, found))

    def kinds(self) -> dict[str, float]:
        """Instructions per value, by kind; those of a warp count for each of its 32 lanes, whether they run or not."""
        names = sorted({kind for launch in self.launches for kind in launch.counts.issued})
        found = {
            kind: self._sum(launch.counts.issued.get(kind, 0) for launch in self.launches) * _WARP / self.values
            for kind in names
        }
        return {kind: number for kind, number in found.items() if number}

    def lines(self) -> dict[tuple[str, str], float]:
        """Instructions per value, as `kinds` has them, by kernel and line of its text; the greatest number first."""
        found: dict[tuple[str, str], float] = {}
        for launch in self.launches:
            text = ["(of no line)", *launch.text.splitlines()]
            for number, issued in launch.counts.issued_of_line.items():
                where = launch.counts.kernel, text[number].strip()
                found[where] = found.get(where, 0) + launch.weight * issued * _WARP / self.values
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @cached_property
    def figures(self) -> dict[str, float]:
        """What is followed from commit to commit, by name; per value that pooling gives unless the name says otherwise."""
        issued = self._sum(launch.counts.instructions for launch in self.launches)
        reads, everything = self._requests("load global"), self._requests("global")
        shared, added = self._requests("shared"), self._requests("atomic global")
        waits, flying = (
            {
                space: self._sum(getattr(launch.counts.loads[space], field) for launch in self.launches)
                for space in ("global", "shared")
            }
            for field in ("waits", "flying")
        )
        return {
            "instructions": issued * _WARP / self.values,
            "instructions_error": math.sqrt(sum(launch.error**2 for launch in self.launches)) * _WARP / self.values,
            "active_lanes_of_32": self._sum(launch.counts.lanes for launch in self.launches) / issued,
            "sectors_per_load": reads.sectors / max(1, reads.requests),
            "sectors": everything.sectors / self.values,
            "asked_bytes": everything.bytes / self.values,
            "l1_bytes": everything.sectors * SECTOR_BYTES / self.values,
            "l2_bytes": everything.sent * SECTOR_BYTES / self.values,
            "memory_bytes": sum(launch.memory_sectors for launch in self.launches) * SECTOR_BYTES / self.values,
            "atomic_sectors": added.sent / self.values,
            "conflicts_per_shared_request": (shared.wavefronts - shared.least) / max(1, shared.requests),
            "barriers_per_warp": self._barriers(),
            "loads_in_flight": flying["global"] / max(1.0, waits["global"]),
            "load_depth": max(launch.counts.loads["global"].depth for launch in self.launches),
            "floor_l2_bytes": (self.floor.footprint_bytes + self.floor.output_bytes) / self.values,
            "floor_memory_bytes": (self.floor.touched_bytes + self.floor.output_bytes) / self.values,
        }

    def _barriers(self) -> float:
        """Barriers that a warp waits at in the launch that has the most instructions."""
        main = max(self.launches, key=lambda launch: launch.weight * launch.counts.instructions)
        warps = -(-main.counts.threads // _WARP) * main.counts.ran
        return main.counts.issued.get("barrier", 0) / warps

    @cached_property
    def limits(self) -> list[model.Limits]:
        """Predicted seconds of each launch; none for an architecture that is not that of the GPU."""
        return [model.limits(launch) for launch in self.launches] if self.architecture == ARCHITECTURE else []

    @property
    def predicted(self) -> float | None:
        """Predicted seconds of all launches."""
        return sum(max(each) for each in self.limits) if self.limits else None

    @property
    def limited_by(self) -> str:
        """What limits the launch that takes longest."""
        longest = max(self.limits, key=max, default=None)
        return "" if longest is None else model.limiting(longest)[0]

    def as_json(self) -> dict[str, Any]:
        """All of it, for a file."""
        about = ("operator", "operation", "row", "library", "layout", "dtype", "architecture", "values")
        return {
            **{name: getattr(self, name) for name in about},
            "figures": self.figures,
            "kinds": self.kinds(),
            "predicted_seconds": self.predicted,
            "limited_by": self.limited_by,
            "floor_seconds": {"cold": self.floor.cold, "hot": self.floor.hot},
            "launches": [self._launch_as_json(number, launch) for number, launch in enumerate(self.launches)],
        }

    def _launch_as_json(self, number: int, launch: Launched) -> dict[str, Any]:
        counts = launch.counts
        return {
            "kernel": counts.kernel,
            "blocks": counts.blocks,
            "ran": counts.ran,
            "threads": counts.threads,
            "shared_bytes": counts.shared_bytes,
            "registers": launch.registers,
            "residence": asdict(launch.residence),
            "issued": dict(counts.issued),
            "lanes": counts.lanes,
            "requests": {what: requests._asdict() for what, requests in counts.requests.items()},
            "loads": {space: loads._asdict() for space, loads in counts.loads.items()},
            "traffic": [each._asdict() for each in counts.traffic],
            "limits": self.limits[number]._asdict() if self.limits else None,
        }
