"""The rows that PrRoIPool is timed on: those of `benchmarks.workloads`, by their letters; there are no samples to choose."""

from __future__ import annotations

from dataclasses import replace

from ...workloads import CPU_BOXES, DETECTORS

_LETTERS = "abcef"

GPU_ROWS = {letter: DETECTORS[letter] for letter in _LETTERS}
CPU_ROWS = {letter: replace(row, boxes=CPU_BOXES[letter]) for letter, row in GPU_ROWS.items()}
