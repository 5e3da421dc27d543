"""The rows that RoIAlign is timed on: those of `benchmarks.workloads`, with a number of samples.

A 1 after the letter means two samples per bin and axis, a 2 adaptive sampling; e has two samples, f is adaptive. What is called
on them, level by level or on all levels at once, `Operation` says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...measuring.problem import Row
from ...workloads import CPU_BOXES, DETECTORS


@dataclass(frozen=True)
class RoiAlignRow(Row):
    """A workload of RoIAlign: ``sampling_ratio`` samples per bin and axis, or 0 for as many as a bin has pixels."""

    sampling_ratio: int


def _sampled(letter: str, name: str, sampling_ratio: int) -> RoiAlignRow:
    """The row of this letter, with so many samples."""
    row = DETECTORS[letter]
    how = "adaptive" if sampling_ratio == 0 else f"{sampling_ratio} samples"
    return RoiAlignRow(**{**vars(row), "name": name, "title": f"{row.title}, {how}"}, sampling_ratio=sampling_ratio)


GPU_ROWS = {
    row.name: row
    for row in (
        *(_sampled(letter, f"{letter}{which}", ratio) for letter in "abcd" for which, ratio in ((1, 2), (2, 0))),
        _sampled("e", "e", 2),
        _sampled("f", "f", 0),
    )
}
CPU_ROWS = {name: replace(row, boxes=CPU_BOXES[name[0]]) for name, row in GPU_ROWS.items()}
