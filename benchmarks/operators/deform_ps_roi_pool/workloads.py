"""The rows that deformable PSRoIPool is timed on: PSRoIPool's, with 4 × 4 samples and an offset for each bin, of all channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...measuring.problem import SampledRow
from ...workloads import HEADS, head, rows_on_cpu

if TYPE_CHECKING:
    from ...measuring.problem import Row

_SAMPLES = 4


@dataclass(frozen=True)
class DeformedHead(SampledRow):
    """A row whose ``channels`` are those of the output; its maps have as many for each bin."""

    @property
    def map_channels(self) -> int:
        """Channels of the maps."""
        return self.channels * self.bins**2


GPU_ROWS: dict[str, Row] = {name: DeformedHead(**head(name), sampling_ratio=_SAMPLES) for name in HEADS}
CPU_ROWS = rows_on_cpu(GPU_ROWS)
