"""Who takes part in pooling on a GPU: roikit through CuPy, and torchvision's CUDA operator, each on the very same arrays.

torchvision takes channels-last maps too, and copies them first: that copy, and the zeroing of its output, are part of its time
here, as they are for its users. In float16 it wants the boxes in float16, and forms coordinates in it, so that its result is
far from the exact one; the record says so.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align

from .contestants import LAYOUTS, numpy_dtype
from .gpu_torch import Torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .device import Timer
    from .workloads import Level, Problem


def _upper_half(array: Any) -> Any:
    """Returns the bits of float32 numbers that are exact in bfloat16 as such: integers, since CuPy may lack the type's header."""
    return (array.view(np.uint32) >> np.uint32(16)).astype(np.uint16)


class Inputs:
    """What a row's calls read on the device, in one layout and data type, and copies of it for cold inputs.

    Attributes:
        sets: The arrays, and copies of them; ``arrays`` are these on the host, ``(N or K, C, …)``.
        boxes: Boxes ``(K, 5)`` of each level.
    """

    def __init__(self, problem: Problem, arrays: list[np.ndarray], layout: str, dtype: str, copies: int) -> None:
        import cupy

        self.problem, self.layout, self.dtype = problem, layout, dtype
        self.boxes = [cupy.asarray(level.boxes) for level in problem.levels]
        first = [self.placed(array) for array in arrays]
        self.sets = [first, *([array.copy() for array in first] for _ in range(copies - 1))]

    def placed(self, array: np.ndarray) -> Any:
        """Returns an array ``(N or K, C, …)`` on the device, in layout and data type."""
        import cupy

        placed = cupy.asarray(array)
        placed = _upper_half(placed) if self.dtype == "bfloat16" else placed.astype(self.dtype)
        placed = cupy.ascontiguousarray(placed.transpose(0, 2, 3, 1)) if self.layout == "NHWC" else placed
        return placed.view(numpy_dtype(self.dtype))

    def empty(self, shape: tuple[int, ...]) -> Any:
        """Returns an array for an output of shape ``(N or K, C, …)``, in layout and data type."""
        import cupy

        n, c, h, w = shape
        return cupy.empty((n, c, h, w) if self.layout == "NCHW" else (n, h, w, c), numpy_dtype(self.dtype))

    def as_nchw(self, array: Any) -> Any:
        """Returns an output with channels after images or RoIs."""
        return array if self.layout == "NCHW" else array.transpose(0, 3, 1, 2)

    @cached_property
    def all_boxes(self) -> Any:
        """The boxes of all levels ``(rois, 5)``, image after image."""
        import cupy

        return cupy.asarray(self.problem.boxes)


@dataclass
class DeviceContestant:
    """One library with one layout and data type.

    Attributes:
        call: Makes all calls of the row on a set of inputs, and returns the outputs.
        convert: Makes of such an output a CuPy array with channels after images or RoIs.
        capture: Turns a function that makes calls into one that replays them.
        owned: Output arrays that the calls write to, if they do.
    """

    library: str
    inputs: Inputs
    call: Callable[[list[Any]], list[Any]]
    convert: Callable[[Any], Any]
    capture: Callable[[Callable[[], object]], Callable[[], None]]
    owned: list[Any] = field(default_factory=list)

    @property
    def layout(self) -> str:
        """Layout of the maps."""
        return self.inputs.layout

    @property
    def dtype(self) -> str:
        """Data type of the maps, by name."""
        return self.inputs.dtype

    @property
    def name(self) -> str:
        """What it is called in a record."""
        return f"{self.library} {self.layout} {self.dtype}"

    def __call__(self) -> list[Any]:
        """Makes the calls, on the first set of inputs."""
        return self.call(self.inputs.sets[0])

    def checked_outputs(self) -> list[Any]:
        """Makes the calls on poisoned memory, waits, and returns the outputs."""
        import cupy

        for out in self.owned:
            out.data.memset(0xFF, out.nbytes)  # all bits set is a NaN in every type
        cupy.cuda.Device().synchronize()
        outputs = self()
        cupy.cuda.Device().synchronize()
        return [self.convert(output) for output in outputs]


def arrays(problem: Problem) -> list[np.ndarray]:
    """Returns what is read on the host: the maps of each level."""
    return [level.feature for level in problem.levels]


def roikit(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """Our kernels, with the output given."""
    row, levels = inputs.problem.row, inputs.problem.levels
    owned = [inputs.empty((len(level.boxes), row.channels, row.bins, row.bins)) for level in levels]

    def one(feature: Any, boxes: Any, level: Level, out: Any) -> Any:
        sampling = level.scale, row.sampling_ratio
        return roi_align(feature, boxes, row.bins, *sampling, aligned=True, layout=inputs.layout, out=out)

    def call(features: list[Any]) -> list[Any]:
        return [one(*each) for each in zip(features, inputs.boxes, levels, owned, strict=True)]

    return DeviceContestant("roikit", inputs, call, inputs.as_nchw, timer.capture, owned)


def torchvision(inputs: Inputs, timer: Timer) -> DeviceContestant:
    """The compiled CUDA operator, on the timer's stream."""
    side = Torch.beside(timer)
    from torchvision.ops import roi_align as operator

    row, levels = inputs.problem.row, inputs.problem.levels
    tensors = {id(array): side.tensor(array, inputs.layout) for features in inputs.sets for array in features}
    boxes = [side.boxes(array, inputs.dtype) for array in inputs.boxes]

    def call(features: list[Any]) -> list[Any]:
        with side.on_stream():
            return [
                operator(tensors[id(feature)], rois, row.bins, level.scale, row.sampling_ratio, True)
                for feature, rois, level in zip(features, boxes, levels, strict=True)
            ]

    return DeviceContestant("torchvision", inputs, call, side.convert, side.capture)


PEERS = {"torchvision": torchvision}


def everybody(
    part: ModuleType, problem: Problem, timer: Timer, copies: Callable[[int], int]
) -> tuple[list[DeviceContestant], dict[str, str]]:
    """Returns ours and the peers, and why others do not take part.

    ``part`` is a module like this one: ``arrays`` are what is read, ``roikit`` is ours, ``PEERS`` are the others; ``copies``
    says how many of the inputs are to be made, with elements of so many bytes.
    """
    present, absent = [], {}
    given = part.arrays(problem)
    for dtype, layout in itertools.product(("float32", "float16"), LAYOUTS):
        inputs = Inputs(problem, given, layout, dtype, copies(numpy_dtype(dtype).itemsize))
        present.append(part.roikit(inputs, timer))
        for name, peer in part.PEERS.items():
            try:
                present.append(peer(inputs, timer))
            except Exception as error:  # noqa: BLE001 - whatever ails a peer, ours is timed
                absent[name] = f"{type(error).__name__}: {error}"
    for layout in LAYOUTS:  # torchvision has no bfloat16
        try:
            present.append(part.roikit(Inputs(problem, given, layout, "bfloat16", copies(2)), timer))
        except Exception as error:  # noqa: BLE001 - ml_dtypes, or a CuPy that knows it, may be missing
            absent["roikit bfloat16"] = f"{type(error).__name__}: {error}"
    return present, absent
