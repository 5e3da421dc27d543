"""The rows that PSRoIPool is timed on: boxes of RoIAlign's rows of the same letters, on maps with a channel for each bin.

Row c1 is R-FCN's: a map of stride 16 with 21 × 7 × 7 channels. The others are light heads: 10 × 7 × 7 channels.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ...measuring.problem import Row
from ...workloads import CPU_BOXES, DETECTORS


@dataclass(frozen=True)
class SelectedRow(Row):
    """A row whose ``channels`` are those of the output; its maps have as many for each bin."""

    @property
    def map_channels(self) -> int:
        """Channels of the maps."""
        return self.channels * self.bins**2


_CHANNELS = {"a1": 10, "c1": 21, "e": 10, "f": 10}
_LETTERS = {"a1": "a", "c1": "c", "e": "e", "f": "f"}


def _row(name: str, boxes: int | None = None) -> SelectedRow:
    row = DETECTORS[_LETTERS[name]]
    known = {field.name: getattr(row, field.name) for field in fields(Row)}
    known |= {"name": name, "channels": _CHANNELS[name], "bins": 7, "boxes": boxes or row.boxes}
    known |= {"title": "R-FCN head" if name == "c1" else f"light head, {row.title}"}
    return SelectedRow(**known)


GPU_ROWS: dict[str, Row] = {name: _row(name) for name in _CHANNELS}
CPU_ROWS: dict[str, Row] = {name: _row(name, CPU_BOXES[name[0]]) for name in _CHANNELS}
