"""What is timed on a GPU: an implementation, prepared for a problem."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .contestant import LAYOUTS, channels_last, channels_second, numpy_dtype, shape_in

if TYPE_CHECKING:
    from .device import Timer
    from .problem import Problem


def _upper_half(array: Any) -> Any:
    """The bits of float32 numbers that are exact in bfloat16 as such: integers, since CuPy may lack the type's header."""
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
        """An array ``(N or K, C, …)`` on the device, in layout and data type."""
        import cupy

        placed = cupy.asarray(array)
        placed = _upper_half(placed) if self.dtype == "bfloat16" else placed.astype(self.dtype)
        placed = cupy.ascontiguousarray(channels_last(placed)) if self.layout == "NHWC" else placed
        return placed.view(numpy_dtype(self.dtype))

    def empty(self, shape: tuple[int, ...]) -> Any:
        """An array for an output of shape ``(N or K, C, …)``, in layout and data type."""
        import cupy

        return cupy.empty(shape_in(self.layout, shape), numpy_dtype(self.dtype))

    def as_nchw(self, array: Any) -> Any:
        """An output with channels after images or RoIs."""
        return array if self.layout == "NCHW" else channels_second(array)

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
        dialect: Whose rules it follows, if not those of the operation: its results are held to these.
    """

    library: str
    inputs: Inputs
    call: Callable[[list[Any]], list[Any]]
    convert: Callable[[Any], Any]
    capture: Callable[[Callable[[], object]], Callable[[], None]]
    owned: list[Any] = field(default_factory=list)
    dialect: str | None = None

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


PrepareOnDevice = Callable[[Inputs, "Timer"], DeviceContestant]
"""Prepares a contestant for inputs, on the stream of a timer."""


@dataclass(frozen=True)
class DeviceContestants:
    """Everybody who takes part in an operator on a GPU; each is prepared for inputs, on the stream of a timer.

    Attributes:
        inputs: For each operation, the arrays on the host of which there are to be copies: ``(N or K, C, …)``.
        ours: How ours is prepared for each operation.
        peers: The others, by name: how each is prepared for the operations that it takes part in.
        shared: Data types in which everybody is timed.
        alone: Data types that no peer has.
    """

    inputs: dict[str, Callable[[Problem], list[np.ndarray]]]
    ours: dict[str, PrepareOnDevice]
    peers: dict[str, dict[str, PrepareOnDevice]]
    shared: tuple[str, ...] = ("float32", "float16")
    alone: tuple[str, ...] = ("bfloat16",)

    def everybody(
        self, operation: str, problem: Problem, timer: Timer, copies: Callable[[int], int]
    ) -> tuple[list[DeviceContestant], dict[str, str]]:
        """Ours and the peers, and why others do not take part.

        ``copies`` says how many of the inputs are to be made, with elements of so many bytes.
        """
        present, absent = [], {}
        given, ours = self.inputs[operation](problem), self.ours[operation]
        peers = {name: operations[operation] for name, operations in self.peers.items() if operation in operations}
        for dtype, layout in itertools.product(self.shared, LAYOUTS):
            inputs = Inputs(problem, given, layout, dtype, copies(numpy_dtype(dtype).itemsize))
            present.append(ours(inputs, timer))
            for name, peer in peers.items():
                try:
                    present.append(peer(inputs, timer))
                except Exception as error:  # noqa: BLE001 - whatever ails a peer, ours is timed
                    absent[name] = f"{type(error).__name__}: {error}"
        for dtype, layout in itertools.product(self.alone, LAYOUTS):
            try:
                present.append(ours(Inputs(problem, given, layout, dtype, copies(2)), timer))
            except Exception as error:  # noqa: BLE001 - ml_dtypes, or a CuPy that knows it, may be missing
                absent[f"roikit {dtype}"] = f"{type(error).__name__}: {error}"
        return present, absent


def gradients_like_maps(inputs: Inputs) -> dict[int, list[Any]]:
    """Arrays for the gradients for the maps of each level, for each set of inputs by its `id`: they may fit into the cache."""
    levels = inputs.problem.levels
    return {id(one): [inputs.empty(level.feature.shape) for level in levels] for one in inputs.sets}
