"""Implementations that behave badly, each in one way, for testing the harness. Run by a worker, not by pytest.

All but the first call roikit's host kernels for the cases that they do not spoil.
"""

import os
import signal
import sys
import time

import numpy as np

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.implementation import Unavailable, Unsupported


class Good(RoikitHost):
    pass


class Absent(RoikitHost):
    requires = ("no_such_module",)
    install = "pip install no-such-module"


class NotHere(RoikitHost):
    def __init__(self):
        raise Unavailable("no such machine")


class BreaksOnLoading(RoikitHost):
    def __init__(self):
        raise OSError("libmissing.so: cannot open shared object file")


class DiesOnLoading(RoikitHost):
    def __init__(self):
        os.kill(os.getpid(), signal.SIGSEGV)


def is_spoiled(call):
    """The cases with a map of 5 x 5 pixels."""
    return call.input.shape[2:4] == (5, 5)


class Spoiler(RoikitHost):
    def roi_align(self, call, out=None):
        return self.spoil(call, out) if is_spoiled(call) else super().roi_align(call, out)


class Crashes(Spoiler):
    def spoil(self, call, out):
        print("about to die", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGSEGV)


class Hangs(Spoiler):
    def spoil(self, call, out):
        time.sleep(60)


class Raises(Spoiler):
    def spoil(self, call, out):
        raise ArithmeticError("no\n  such   number")


class Declines(Spoiler):
    def spoil(self, call, out):
        raise Unsupported("maps of 5 by 5")


class Chatters(Spoiler):
    def spoil(self, call, out):
        os.write(1, b'{"type": "output"}\n')
        print("hello")
        return RoikitHost.roi_align(self, call, out)


class Rolls(Spoiler):
    def describe(self):
        import dataclasses

        return dataclasses.replace(super().describe(), takes_out=False)

    def spoil(self, call, out):
        self.calls = getattr(self, "calls", 0) + 1
        right = RoikitHost.roi_align(self, call, None)
        return right if self.calls % 2 else right + 1


class WritesOutside(Spoiler):
    def spoil(self, call, out):
        result = RoikitHost.roi_align(self, call, out)
        np.lib.stride_tricks.as_strided(result, (result.size + 1,), (result.itemsize,), writeable=True)[-1] = 0
        return result


class WrongShape(Spoiler):
    def spoil(self, call, out):
        return RoikitHost.roi_align(self, call, out)[:, :, :-1]


class WrongType(Spoiler):
    def spoil(self, call, out):
        return RoikitHost.roi_align(self, call, out).astype(
            np.float64 if call.input.dtype != np.float64 else np.float32
        )


class WritesNothing(Spoiler):
    def spoil(self, call, out):
        return out


class Zeros(Spoiler):
    def spoil(self, call, out):
        out[...] = 0
        return out


class NoOut(Spoiler):
    def describe(self):
        import dataclasses

        return dataclasses.replace(super().describe(), takes_out=False)


class ReusesItsBuffer(NoOut):
    """Wrong at every first call, in the memory that the second call makes right."""

    def spoil(self, call, out):
        right = RoikitHost.roi_align(self, call, None)
        if getattr(self, "buffer", None) is None:
            self.buffer = np.full_like(right, -123)
        else:
            self.buffer[...] = right
        return self.buffer


class ChangesItsInput(NoOut):
    def spoil(self, call, out):
        right = RoikitHost.roi_align(self, call, None)
        call.input[...] = 0
        return right


class ReturnsNothing(NoOut):
    def spoil(self, call, out):
        return None


class ReturnsForeignBytes(NoOut):
    def spoil(self, call, out):
        right = RoikitHost.roi_align(self, call, None)
        return right.astype(right.dtype.newbyteorder())


class LeavesAChildBehind(Spoiler):
    def spoil(self, call, out):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        return RoikitHost.roi_align(self, call, out)


class StartsAReader(Spoiler):
    def spoil(self, call, out):
        import subprocess

        subprocess.Popen(["cat"], stdout=subprocess.DEVNULL)
        time.sleep(0.2)
        return RoikitHost.roi_align(self, call, out)


def transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    """A plain function with torchvision's signature."""
    from roikit.kernels import roi_align

    return roi_align(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)


def half_a_pixel_off(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    moved = boxes.copy()
    moved[:, 1:] += 0.5 / spatial_scale
    return transcribed(input, moved, output_size, spatial_scale, sampling_ratio, aligned)


def sleepy(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    time.sleep(60)
