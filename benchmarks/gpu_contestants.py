"""Who takes part on a GPU: roikit through CuPy, and torchvision's CUDA operator, each on the very same arrays.

torchvision takes channels-last maps too, and copies them first: that copy, and the zeroing of its output, are part of its time
here, as they are for its users. In float16 it wants the boxes in float16, and forms coordinates in it, so that its result is
far from the exact one; the record says so.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align

from .contestants import LAYOUTS, numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable

    from .device import Timer
    from .workloads import Level, Problem


def _upper_half(array: Any) -> Any:
    """Returns the bits of float32 numbers that are exact in bfloat16 as such: integers, since CuPy may lack the type's header."""
    return (array.view(np.uint32) >> np.uint32(16)).astype(np.uint16)


class Maps:
    """The maps and boxes of a row on the device, in one layout and data type, and copies of the maps for cold inputs."""

    def __init__(self, problem: Problem, layout: str, dtype: str, copies: int) -> None:
        import cupy

        def placed(level: Level) -> Any:
            array = cupy.asarray(level.feature)
            array = _upper_half(array) if dtype == "bfloat16" else array.astype(dtype)
            placed = cupy.ascontiguousarray(array.transpose(0, 2, 3, 1)) if layout == "NHWC" else array
            return placed.view(numpy_dtype(dtype))

        self.problem, self.layout, self.dtype = problem, layout, dtype
        self.boxes = [cupy.asarray(level.boxes) for level in problem.levels]
        first = [placed(level) for level in problem.levels]
        self.sets = [first, *([array.copy() for array in first] for _ in range(copies - 1))]


@dataclass
class DeviceContestant:
    """One library with one layout and data type.

    Attributes:
        call: Makes all calls of the row on a set of maps, and returns the outputs of the levels.
        convert: Makes of such an output a CuPy array ``(K, C, P, P)``.
        capture: Turns a function that makes calls into one that replays them.
        owned: Output arrays that the calls write to, if they do.
    """

    library: str
    maps: Maps
    call: Callable[[list[Any]], list[Any]]
    convert: Callable[[Any], Any]
    capture: Callable[[Callable[[], object]], Callable[[], None]]
    owned: list[Any] = field(default_factory=list)

    @property
    def layout(self) -> str:
        """Layout of the maps."""
        return self.maps.layout

    @property
    def dtype(self) -> str:
        """Data type of the maps, by name."""
        return self.maps.dtype

    @property
    def name(self) -> str:
        """What it is called in a record."""
        return f"{self.library} {self.layout} {self.dtype}"

    def __call__(self) -> list[Any]:
        """Makes the calls, on the first set of maps."""
        return self.call(self.maps.sets[0])

    def checked_outputs(self) -> list[Any]:
        """Makes the calls on poisoned memory, waits, and returns the outputs."""
        import cupy

        for out in self.owned:
            out.data.memset(0xFF, out.nbytes)  # all bits set is a NaN in every type
        cupy.cuda.Device().synchronize()
        outputs = self()
        cupy.cuda.Device().synchronize()
        return [self.convert(output) for output in outputs]


def roikit(maps: Maps, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given."""
    import cupy

    row = maps.problem.row
    bins = (row.bins, row.bins)
    owned = [
        cupy.empty(
            (len(boxes), row.channels, *bins) if maps.layout == "NCHW" else (len(boxes), *bins, row.channels),
            numpy_dtype(maps.dtype),
        )
        for boxes in maps.boxes
    ]

    def call(features: list[Any]) -> list[Any]:
        return [
            roi_align(
                feature, boxes, row.bins, level.scale, row.sampling_ratio, aligned=True, layout=maps.layout, out=out
            )
            for feature, boxes, level, out in zip(features, maps.boxes, maps.problem.levels, owned, strict=True)
        ]

    def convert(out: Any) -> Any:
        return out if maps.layout == "NCHW" else out.transpose(0, 3, 1, 2)

    return DeviceContestant("roikit", maps, call, convert, timer.capture, owned)


def torchvision(maps: Maps, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, on the arrays of ``maps``, on the timer's stream."""
    import cupy
    import torch
    from torchvision.extension import _has_ops
    from torchvision.ops import roi_align as operator

    if not (_has_ops() and torch.cuda.is_available()):
        raise ImportError("torchvision's CUDA operators are missing")
    row = maps.problem.row
    stream = torch.cuda.ExternalStream(timer.stream.ptr)

    def tensor(array: Any) -> Any:
        view = torch.from_dlpack(array)
        return view if maps.layout == "NCHW" else view.permute(0, 3, 1, 2)

    tensors = {id(array): tensor(array) for features in maps.sets for array in features}
    boxes = [torch.from_dlpack(array).to(getattr(torch, maps.dtype)) for array in maps.boxes]

    def call(features: list[Any]) -> list[Any]:
        with torch.cuda.stream(stream):
            return [
                operator(tensors[id(feature)], rois, row.bins, level.scale, row.sampling_ratio, True)
                for feature, rois, level in zip(features, boxes, maps.problem.levels, strict=True)
            ]

    def capture(work: Callable[[], object]) -> Callable[[], None]:
        with torch.cuda.stream(stream):
            work()
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            work()

        def replay() -> None:
            with torch.cuda.stream(stream):
                graph.replay()

        return replay

    def convert(output: Any) -> Any:
        return cupy.from_dlpack(output.contiguous())

    return DeviceContestant("torchvision", maps, call, convert, capture)


def everybody(
    problem: Problem, timer: Timer, copies: Callable[[int], int]
) -> tuple[list[DeviceContestant], dict[str, str]]:
    """Returns ours and the peers, and why others do not take part; ``copies`` of maps with elements of so many bytes."""
    present, absent = [], {}
    for dtype, layout in itertools.product(("float32", "float16"), LAYOUTS):
        maps = Maps(problem, layout, dtype, copies(numpy_dtype(dtype).itemsize))
        present.append(roikit(maps, timer))
        try:
            present.append(torchvision(maps, timer))
        except Exception as error:  # noqa: BLE001 - whatever ails a peer, ours is timed
            absent["torchvision"] = f"{type(error).__name__}: {error}"
    for layout in LAYOUTS:  # torchvision has no bfloat16
        try:
            present.append(roikit(Maps(problem, layout, "bfloat16", copies(2)), timer))
        except Exception as error:  # noqa: BLE001 - ml_dtypes, or a CuPy that knows it, may be missing
            absent["roikit bfloat16"] = f"{type(error).__name__}: {error}"
    return present, absent
