"""The rows that rotation-invariant RoIAlign is timed on: rotated RoIAlign's, on maps of eight orientations, as ReDet has them."""

from __future__ import annotations

from ...workloads import rows_on_cpu, sampled_rows

ORIENTATIONS = 8

GPU_ROWS = sampled_rows(("a1", "b1", "c1", "e", "f"))
CPU_ROWS = rows_on_cpu(GPU_ROWS)
