"""Implementations that are right when they are asked once: each keeps something that it should not."""

import dataclasses
import os
import signal
import threading
import time

import numpy as np

from roikit.conformance.adapters.roikit import RoikitHost

KEPT = {
    "images": "input shape 0",
    "indices": "input shape 0",
    "channels": "input shape 1",
    "size": "input shape 2",
    "rois": "boxes shape 0",
    "boxes": "boxes",
    "bins": "output_size",
    "scale": "spatial_scale",
    "ratio": "sampling_ratio",
    "mode": "mode",
    "values": "input",
    "grad": "grad",
}
"""What implementations forget to look at, and where it is."""


class Right(RoikitHost):
    """Our kernels, which may be called by threads and after a fork, with these changes to what they say of themselves."""

    said = {"takes_out": False}

    def describe(self):
        described = super().describe()
        can = dataclasses.replace(described.capability("roi_align"), **self.said)
        return dataclasses.replace(described, operators={"roi_align": can})


def copied(call):
    return dataclasses.replace(call, **{name: array.copy() for name, array in call.arrays().items()})


class Keeps(Right):
    """Takes one argument from an earlier call that agreed in all else: the geometry, or an array, was kept under too small a key.

    An argument that is a number of something is kept as memory is read by it: arrays as they come, in the shape of before.
    """

    def __init__(self, what):
        super().__init__()
        self.what, self.kept = what, {}

    def roi_align(self, call, out=None):
        known = self.kept.setdefault(self.key(call), copied(call))
        return self.stale(call, known)

    def key(self, call):
        """All that a call is known by."""
        arrays = call.arrays()
        follows = {
            "rois": ("boxes", "grad"),
            "bins": ("grad",),
            "channels": ("input", "grad"),
            "indices": ("input", "boxes"),
        }.get(self.what, ("input",))
        of_shape = self.what in ("images", "indices", "size", "channels", "rois", "bins")
        skipped = (self.what, *(follows if of_shape else ()))
        parameters = {KEPT.get(name, name): value for name, value in call.parameters().items()}
        parameters |= {name: array.tobytes() for name, array in arrays.items() if name not in skipped}
        parameters.pop(KEPT[self.what], None)
        return repr(sorted(parameters.items(), key=lambda item: item[0]))

    def stale(self, call, known):
        what, replace = self.what, dataclasses.replace
        due = call.shape()
        if what in ("images", "indices", "size", "channels"):
            kept = replace(call, input=np.resize(call.input, known.input.shape), boxes=call.boxes.copy())
            kept.boxes[:, 0] = np.minimum(kept.boxes[:, 0], len(known.input) - 1)
            if what == "channels" and call.grad is not None:
                kept = replace(kept, grad=np.resize(call.grad, known.grad.shape))
        elif what == "rois":
            kept = replace(call, boxes=np.resize(call.boxes, known.boxes.shape))
            if call.grad is not None:
                kept = replace(kept, grad=np.resize(call.grad, known.grad.shape))
        elif what == "bins":
            kept = replace(call, output_size=known.output_size)
            if call.grad is not None:
                kept = replace(kept, grad=np.resize(call.grad, known.grad.shape))
        else:
            name = {"values": "input"}.get(what, KEPT[what])
            kept = replace(call, **{name: getattr(known, name)})
        return np.resize(super().roi_align(kept), due)


class KeepsIndices(Right):
    """Gathers from maps with channels first, by flat indices that it keeps by the shape of the first image alone."""

    def __init__(self):
        super().__init__()
        self.kept = {}

    def roi_align(self, call, out=None):
        images, channels, height, width = call.input.shape
        known = self.kept.setdefault((channels, height, width), images)
        by_channel = np.ascontiguousarray(call.input.transpose(1, 0, 2, 3)).reshape(-1)
        plane = height * width
        starts = (np.arange(channels) * known)[None] + np.arange(min(images, known))[:, None]
        taken = by_channel[(starts[..., None] * plane + np.arange(plane)) % by_channel.size]
        maps = call.input.copy()
        maps[: len(taken)] = taken.reshape(-1, channels, height, width)
        return super().roi_align(dataclasses.replace(call, input=maps))


class GivesOutAgain(Right):
    """Returns one of a few buffers in turn, which it keeps for every shape."""

    def __init__(self, count):
        super().__init__()
        self.count, self.calls, self.buffers = count, 0, {}

    def roi_align(self, call, out=None):
        right = super().roi_align(call)
        self.calls += 1
        buffer = self.buffers.setdefault((right.shape, right.dtype, self.calls % self.count), right.copy())
        buffer[...] = right
        return buffer


class LooksAtIds(Right):
    """Knows a call by which arrays it is given, not by what is in them."""

    def __init__(self):
        super().__init__()
        self.kept = {}

    def roi_align(self, call, out=None):
        key = (*map(id, call.arrays().values()), repr(sorted(call.parameters().items())), call.input.shape)
        kept = self.kept.setdefault(key, (super().roi_align(call), call))
        return kept[0].copy()


class SharesScratch(Right):
    """Works in memory that all threads share."""

    def __init__(self):
        super().__init__()
        self.scratch = np.empty(2**20, np.uint8)

    def roi_align(self, call, out=None):
        maps = self.scratch[: call.input.nbytes].view(call.input.dtype).reshape(call.input.shape)
        maps[...] = call.input
        return super().roi_align(dataclasses.replace(call, input=maps))


class SharesWhatIsAsked(Right):
    """Keeps the call where all threads see it, and looks again when it has an output to fill."""

    def roi_align(self, call, out=None):
        self.call = call
        result = np.zeros(call.shape(), call.input.dtype)
        right = super().roi_align(self.call)
        return right if right.shape == result.shape else result


class WaitsForTheOther(Right):
    """Takes a lock that it holds already, if another thread has come in between."""

    def __init__(self):
        super().__init__()
        self.inside, self.lock = 0, threading.Lock()

    def roi_align(self, call, out=None):
        self.inside += 1
        try:
            right = super().roi_align(call)
            if self.inside > 1:
                self.lock.acquire()
            return right
        finally:
            self.inside -= 1


class FailsAfterAFork(Right):
    """Does not work in any process but the one that loaded it; ``AFTER_FORK`` says how."""

    def __init__(self):
        super().__init__()
        self.home = os.getpid()

    def roi_align(self, call, out=None):
        right = super().roi_align(call)
        if os.getpid() != self.home:
            match os.environ["AFTER_FORK"]:
                case "zeros":
                    return np.zeros_like(right)
                case "hangs":
                    time.sleep(60)
                case "dies":
                    os.kill(os.getpid(), signal.SIGSEGV)
                case "raises":
                    raise RuntimeError("cannot re-initialise in a forked process")
                case "leaves":
                    os._exit(3)
        return right


class ForgetsAfterAFork(Right):
    """Right in the process that was forked, and wrong in the one that went on: they share what they count in."""

    def __init__(self):
        super().__init__()
        import mmap

        self.shared, self.home = mmap.mmap(-1, 1), os.getpid()

    def roi_align(self, call, out=None):
        if os.getpid() != self.home:
            self.shared[0] = 1
            return super().roi_align(call)
        return super().roi_align(call) * (1 - self.shared[0])
