"""What a call asks for whose bins are sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import arguments
from .problem import Problem

MAX_SAMPLING_RATIO = 1024
"""More samples per bin and axis than this are refused: a bin would take longer than any use of it could be worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledProblem(Problem):
    """An operator that samples its maps, on some RoIs.

    Attributes:
        sampling: ``(g_y, g_x)``; 0 asks for adaptive sampling.
    """

    sampling: tuple[int, int]

    @property
    def samples(self) -> int:
        """What a bin reads of a channel, at least."""
        return max(1, self.sampling[0]) * max(1, self.sampling[1])

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {**self.roi_fields, "sampling_y": self.sampling[0], "sampling_x": self.sampling[1]}


def sampling_ratio_pair(value: object) -> tuple[int, int]:
    """``sampling_ratio`` as (g_y, g_x), with 0 for adaptive sampling."""
    y, x = (arguments.integer("sampling_ratio", item) for item in arguments.pair("sampling_ratio", value))
    if max(y, x) > MAX_SAMPLING_RATIO:
        raise ValueError(f"sampling_ratio must be at most {MAX_SAMPLING_RATIO}, not {max(y, x)}")
    return max(y, 0), max(x, 0)
