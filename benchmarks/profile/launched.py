"""A launch that was counted: what the blocks that ran stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import pvariance
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from roikit.kernels.emulation.counting import Counts

    from .device import Residence


@dataclass(frozen=True)
class Launched:
    """A launch: what was counted of the blocks that ran, registers of a thread, blocks on a multiprocessor, the CUDA text."""

    counts: Counts
    registers: int
    residence: Residence
    text: str = ""

    @property
    def weight(self) -> float:
        """How many blocks of the launch each that ran stands for."""
        return self.counts.blocks / self.counts.ran

    @property
    def memory_sectors(self) -> float:
        """Sectors that come from memory or go there, each once: at most, since those that other blocks share are not known."""
        return sum(
            min(each.fetched * self.weight, each.sectors) + min(each.written * self.weight, each.sectors)
            for each in self.counts.traffic
        )

    @property
    def error(self) -> float:
        """The standard error of the number of instructions, since not all blocks ran."""
        counts = self.counts
        if counts.ran == counts.blocks:
            return 0.0
        share = 1 - counts.ran / counts.blocks
        return counts.blocks * math.sqrt(share * pvariance(counts.issued_of_block) / (counts.ran - 1 or 1))
