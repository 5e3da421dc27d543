"""The rows that PSRoIPool is timed on: boxes of RoIAlign's rows of the same letters, on maps with a channel for each bin.

Row c1 is R-FCN's: a map of stride 16 with 21 × 7 × 7 channels. The others are light heads: 10 × 7 × 7 channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...measuring.problem import Row
from ...workloads import HEADS, head, rows_on_cpu


@dataclass(frozen=True)
class SelectedRow(Row):
    """A row whose ``channels`` are those of the output; its maps have as many for each bin."""

    @property
    def map_channels(self) -> int:
        """Channels of the maps."""
        return self.channels * self.bins**2


GPU_ROWS: dict[str, Row] = {name: SelectedRow(**head(name)) for name in HEADS}
CPU_ROWS = rows_on_cpu(GPU_ROWS)
