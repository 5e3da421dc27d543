"""Rotated RoIAlign's common kernel, level by level, as poolers that are made of it launch it.

That boxes are chosen for each level before, and outputs put in their order afterwards, is not counted.
"""

from __future__ import annotations

from operator import attrgetter

from ....measuring.common import CommonKernel
from ....workloads import gradients_of
from ...roi_align_rotated.gpu.common_kernel import BINS
from ...roi_align_rotated.workloads import turned
from ..operations import Operation

_KERNEL = CommonKernel(BINS, attrgetter("sampling_ratio"), turned, gradients_of)

COMMON = {Operation.FORWARD: _KERNEL.forward, Operation.BACKWARD: _KERNEL.backward}
