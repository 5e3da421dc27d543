"""Players that behave otherwise in each process, or once something has happened in it. Run by a worker, not by pytest."""

import dataclasses
import os
import signal
from pathlib import Path

import numpy as np
from players import NoOut

from roikit.conformance.adapters.roikit import RoikitHost


def count_process():
    """How many processes were counted before this one, in the file that ``COUNTED`` names."""
    path = Path(os.environ["COUNTED"])
    before = len(path.read_text()) if path.exists() else 0
    path.write_text("." * (before + 1))
    return before


class ChoosesAKernel(NoOut):
    """Right in every process, but with other last bits in each, as if it took the kernel that was fastest there."""

    def __init__(self):
        super().__init__()
        self.kernel = count_process()

    def roi_align(self, call, out=None):
        return RoikitHost.roi_align(self, call) * call.input.dtype.type(1 + self.kernel * 2.0**-22)


class IsWrongByChance(ChoosesAKernel):
    """Wrong in every process, and in each otherwise, as if the order of its threads decided."""

    def roi_align(self, call, out=None):
        return RoikitHost.roi_align(self, call) * call.input.dtype.type(2 + self.kernel)


class FollowsThePoison(ChoosesAKernel):
    """Right, but the last bit is that of memory."""

    def roi_align(self, call, out=None):
        return RoikitHost.roi_align(self, call) * call.input.dtype.type(
            1 + (os.environ["ROIKIT_POISON"] == "90") * 2.0**-22
        )


class AnswersNan(NoOut):
    """Takes no notice of a bad box, but for NaN in its bins; dies of the image that ``FATAL`` names."""

    def __init__(self):
        super().__init__()
        count_process()

    def roi_align(self, call, out=None):
        if str(call.boxes[0, 0]) == os.environ.get("FATAL"):
            os.kill(os.getpid(), signal.SIGSEGV)
        bad = ~np.isfinite(call.boxes).all(1) | (call.boxes[:, 0] < 0) | (call.boxes[:, 0] >= len(call.input))
        clean = np.where(bad[:, None], np.float32(0), call.boxes)
        output = RoikitHost.roi_align(self, dataclasses.replace(call, boxes=clean))
        output[bad] = np.nan
        return output


class IsSpoiled(NoOut):
    """Pools what cannot be pooled as something else, and is wrong from then on in this process."""

    def __init__(self):
        super().__init__()
        self.spoiled = False
        count_process()

    def roi_align(self, call, out=None):
        bad = ~np.isfinite(call.boxes).all(1) | (call.boxes[:, 0] < 0) | (call.boxes[:, 0] >= len(call.input))
        clean = np.where(bad[:, None], np.float32(0), call.boxes)
        output = RoikitHost.roi_align(self, dataclasses.replace(call, boxes=clean)) + call.input.dtype.type(
            self.spoiled
        )
        self.spoiled |= bad.any()
        return output
