"""The kernel that most libraries have, in our own words (``common_kernel.cu``)."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

from ....measuring.common import CommonKernel
from ..operations import Operation

_KERNEL = CommonKernel(Path(__file__).parents[1] / "common_kernel.cu", attrgetter("sampling_ratio"))

COMMON = {Operation.FORWARD: _KERNEL.forward, Operation.BACKWARD: _KERNEL.backward}
