"""The rows that RoIPool is timed on: the boxes of RoIAlign's rows of the same names, on the same maps."""

from __future__ import annotations

from dataclasses import replace

from ...workloads import CPU_BOXES, DETECTORS

_NAMES = {"a1": "a", "b1": "b", "c1": "c", "d1": "d", "e": "e", "f": "f"}

GPU_ROWS = {name: replace(DETECTORS[letter], name=name) for name, letter in _NAMES.items()}
CPU_ROWS = {name: replace(row, boxes=CPU_BOXES[name[0]]) for name, row in GPU_ROWS.items()}
