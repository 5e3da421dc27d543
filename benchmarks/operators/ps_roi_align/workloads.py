"""The rows that PSRoIAlign is timed on: PSRoIPool's, with two samples per bin and axis, and in f as many as a bin has pixels."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from ...measuring.problem import Row
from ..ps_roi_pool import workloads
from ..ps_roi_pool.workloads import SelectedRow

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class SampledRow(SelectedRow):
    """A row with so many samples per bin and axis; 0: as many as a bin has pixels."""

    sampling_ratio: int


def _sampled(row: Row) -> SampledRow:
    known = {field.name: getattr(row, field.name) for field in fields(Row)}
    return SampledRow(**known, sampling_ratio=0 if row.name == "f" else 2)


def _all(rows: Mapping[str, Row]) -> dict[str, Row]:
    return {name: _sampled(row) for name, row in rows.items()}


GPU_ROWS = _all(workloads.GPU_ROWS)
CPU_ROWS = _all(workloads.CPU_ROWS)
