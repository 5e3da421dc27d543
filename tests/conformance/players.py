"""Implementations that behave badly, each in one way, for testing the harness. Run by a worker, not by pytest.

Most call roikit's host kernels for the cases that they do not spoil.
"""

import dataclasses
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.call import Unsupported
from roikit.conformance.implementation import Unavailable
from roikit.conformance.operation import Operation
from roikit.conformance.operators.roi_align.call import RoiAlignCall
from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient, feature_gradient
from roikit.kernels import roi_align
from roikit.kernels.dialects.roi_align import DIALECTS


def with_roi_align(description, **changes):
    """A description of RoIAlign alone, with these changes."""
    can = dataclasses.replace(description.capability("roi_align"), **changes)
    return dataclasses.replace(description, operators={"roi_align": can})


class Good(RoikitHost):
    pass


class Mutant(RoikitHost):
    """Our kernels with a fault: ``ROIKIT_FAULT`` has a source, one of its lines, and what to replace in it by what."""

    def __init__(self):
        import json

        from roikit.kernels.execution import source

        file, line, old, new = json.loads(os.environ["ROIKIT_FAULT"])
        read = source._read
        right = read(file)
        assert right.count(line) == 1, "the mutant no longer fits the source"
        broken = right.replace(line, line.replace(old, new, 1))
        source._read = lambda name: broken if name == file else read(name)
        super().__init__()


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
        return with_roi_align(super().describe(), takes_out=False)

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
        return with_roi_align(super().describe(), takes_out=False)


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


class LeavesHolesInNewMemory(NoOut):
    """The last value is whatever was in the memory of a new array."""

    def spoil(self, call, out):
        right = RoikitHost.roi_align(self, call, None)
        result = np.empty_like(right)
        result.ravel()[:-1] = right.ravel()[:-1]
        return result


class LeavesHolesInMalloc(NoOut):
    """Likewise, in memory that C's malloc gave, right after some was given back."""

    def spoil(self, call, out):
        import ctypes

        right = RoikitHost.roi_align(self, call, None)
        c = ctypes.CDLL(None)
        c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
        earlier = c.malloc(right.nbytes)
        ctypes.memset(ctypes.c_void_p(earlier), 0, right.nbytes)
        c.free(earlier)
        address = c.malloc(right.nbytes)
        result = np.frombuffer((ctypes.c_char * right.nbytes).from_address(address), right.dtype).reshape(right.shape)
        result.ravel()[:-1] = right.ravel()[:-1]
        return result


class HoldsItsOwnLuck(NoOut):
    """Within the bounds of a case, but no number is like the other: it adds what is in new memory, if that is tiny."""

    def spoil(self, call, out):
        right = RoikitHost.roi_align(self, call, None)
        stray = np.empty_like(right)
        return right if abs(stray.ravel()[0]) < 1 else right + 1


class Gradients(NoOut):
    """Gradients from the oracle, which no player but this one may use, and outputs from the kernels."""

    takes_numbers = False  # the oracle knows floats

    def describe(self):
        return with_roi_align(super().describe(), operations=tuple(RoiAlignCall.answers))

    def roi_align(self, call, out=None):
        return RoikitHost.roi_align(self, call) if call.grad is None else self.gradient(call)  # which a forward lacks

    def gradient(self, call):
        moved = call.layout == "NHWC"
        maps, grad = (a.transpose(0, 3, 1, 2) if moved else a for a in (call.input, call.grad))
        common = (call.spatial_scale, call.sampling_ratio, call.mode, DIALECTS[call.dialect])
        if not all(0 <= box[0] < len(maps) for box in call.boxes):
            raise ValueError("no such image")
        if call.operation == Operation.BOX_GRADIENT:
            return box_gradient(grad, maps, call.boxes, *common).values.astype(call.boxes.dtype)
        values = feature_gradient(grad, call.boxes, maps.shape, *common, maps).values.astype(call.input.dtype)
        return values.transpose(0, 2, 3, 1) if moved else values


class PaddleGradients(Gradients):
    """Every RoI has at least one pixel, in the backward only."""

    def gradient(self, call):
        boxes = call.boxes.copy()
        least = 1 / np.array(call.spatial_scale)[::-1]
        boxes[:, 3:] = np.maximum(boxes[:, 3:], boxes[:, 1:3] + least)
        return super().gradient(dataclasses.replace(call, boxes=boxes))


class SlopesFromTheLeft(Gradients):
    """Gradients for boxes whose samples lie a hair before where they do: another convention, and no other gradient."""

    def gradient(self, call):
        hair = np.array([0, 1, 1, 1, 1]) * 2.0**-40
        moved = dataclasses.replace(call, boxes=call.boxes.astype(np.float64) - hair)
        return np.rint(super().gradient(moved) * 2.0**20).astype(call.boxes.dtype) / 2**20


class TroubledByProbes(NoOut):
    """Does a different thing wrong with every other way of sampling."""

    def roi_align(self, call, out=None):
        adaptive, right = call.sampling_ratio[0] == 0, super().roi_align(call)
        if call.mode == "max" or call.boxes[0, 1] == 6.0:  # on a scaled map
            os.kill(os.getpid(), signal.SIGSEGV)
        if call.output_size == (1, 4):
            raise Unsupported("four columns")
        if call.output_size == (2, 1) and adaptive:
            self.calls = getattr(self, "calls", 0) + 1
            return right + self.calls
        if call.output_size == (1, 1) and adaptive:
            return right * np.nan if call.boxes[0, 1] < 0 else right[:, :-1]
        return right


class CornerMaximum(NoOut):
    """Takes ONNX's maximum for everybody's."""

    def roi_align(self, call, out=None):
        return RoikitHost.roi_align(self, dataclasses.replace(call, dialect="onnx-10"))


class TakesAnything(NoOut):
    def roi_align(self, call, out=None):
        return np.zeros((1, 1, 2, 2), call.input.dtype)


class RefusesByAccident(NoOut):
    def roi_align(self, call, out=None):
        raise MemoryError("std::bad_alloc")


class DamagesMemory(NoOut):
    """Survives a call that it should have refused, but not the next."""

    def roi_align(self, call, out=None):
        self.calls = getattr(self, "calls", 0) + 1
        if self.calls > 2:  # a case makes its call twice
            os.kill(os.getpid(), signal.SIGSEGV)
        return np.zeros((len(call.boxes), call.input.shape[1], *call.output_size), call.input.dtype)


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


def in_place(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    return transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)


in_place.reads_in_place = True


def wants_a_float(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    if not isinstance(spatial_scale, float):
        raise TypeError("a float is required")
    return transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)


def of_the_type_of_its_scale(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    """NumPy gives a float32 array times a float64 scalar the wider type, and times a float of Python its own."""
    result = transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    return result * (spatial_scale / spatial_scale)


def takes_an_integer_for_a_stride(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    scale = 1 / spatial_scale if isinstance(spatial_scale, (int, np.integer)) else spatial_scale
    return transcribed(input, boxes, output_size, scale, sampling_ratio, aligned)


def half_a_pixel_off(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    moved = boxes.copy()
    moved[:, 1:] += 0.5 / spatial_scale
    return transcribed(input, moved, output_size, spatial_scale, sampling_ratio, aligned)


def off_by_a_third(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    """Which no known fault makes of anything."""
    return transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned) + np.float32(1 / 3)


def clamps(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    rules = dataclasses.replace(DIALECTS["torchvision-aligned" if aligned else "torchvision"], outside="clamp")
    return roi_align(input, boxes, output_size, spatial_scale, sampling_ratio, dialect=rules)


def sleepy(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    if mark := os.environ.get("SLEEPY_MARK"):
        Path(mark).touch()
    time.sleep(60)


def sleeps_if_aligned(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    player = sleepy if aligned else transcribed
    return player(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)


def leaves_holes(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    """The last bin of the last RoI is whatever was in memory, if there is more than one bin."""
    right = transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)
    result = np.empty_like(right)
    last = right.size - (right.size > 1)
    result.ravel()[:last] = right.ravel()[:last]
    return result


def dies_of_wide_maps(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    if input.shape[3] > 8:
        os.kill(os.getpid(), signal.SIGSEGV)
    return transcribed(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)
