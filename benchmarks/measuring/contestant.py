"""What is timed on a CPU: an implementation, prepared for a problem."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from .problem import Problem

if TYPE_CHECKING:
    from .problem import Level, Row

Prepare = Callable[[Problem, int], "Contestant"]
"""Prepares a peer for a problem, with so many threads."""
PrepareOurs = Callable[[Problem, str, str], "Contestant"]
"""Prepares ours for a problem, in a layout and data type."""

LAYOUTS = ("NCHW", "NHWC")
DTYPES = ("float32", "float16", "bfloat16")


@dataclass
class Contestant:
    """One library with one layout and data type. Calling it makes all calls of the row.

    Attributes:
        calls: A call for each level, or one for several: each returns the library's own outputs, a list.
        convert: Makes of each an array in NumPy, with channels after images or RoIs.
        owned: Output arrays that the calls write to, if they do; they are poisoned before a check.
        dialect: Whose rules it follows, if not those of the operation: its results are held to these.
    """

    library: str
    layout: str
    dtype: str
    calls: list[Callable[[], list[Any]]]
    convert: Callable[[Any], np.ndarray] = np.asarray
    owned: list[np.ndarray] = field(default_factory=list)
    dialect: str | None = None

    @property
    def name(self) -> str:
        """What it is called in a record."""
        return f"{self.library} {self.layout} {self.dtype}"

    def __call__(self) -> None:
        """Makes the calls."""
        for call in self.calls:
            call()

    def checked_outputs(self) -> list[np.ndarray]:
        """Makes the calls on poisoned memory and returns the outputs, each taken before the next call may overwrite it."""
        for out in self.owned:
            out[...] = np.nan
        return [self.convert(output) for call in self.calls for output in call()]


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The data type of this name; bfloat16 needs ml_dtypes."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def coordinates(dtype: str) -> type[np.floating[Any]]:
    """The type of coordinates beside maps of this data type, as our kernels take them."""
    return np.float64 if dtype == "float64" else np.float32


def in_layout(feature: np.ndarray, layout: str, dtype: str) -> np.ndarray:
    """An array ``(N or K, C, …)`` in a layout and data type, contiguous."""
    order = feature if layout == "NCHW" else channels_last(feature)
    return np.ascontiguousarray(order.astype(numpy_dtype(dtype), copy=False))


def channels_last(array: Any) -> Any:
    """An array ``(N or K, C, …)`` of NumPy or CuPy with its channels last."""
    return array.transpose(0, *range(2, array.ndim), 1)


def channels_second(array: Any) -> Any:
    """What `channels_last` was made of."""
    return array.transpose(0, array.ndim - 1, *range(1, array.ndim - 1))


def shape_in(layout: str, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of an array ``(N or K, C, …)`` in a layout."""
    first, channels, *rest = shape
    return (first, channels, *rest) if layout == "NCHW" else (first, *rest, channels)


def as_nchw(layout: str) -> Callable[[Any], np.ndarray]:
    """A function that brings an output to channels after images or RoIs."""
    return np.asarray if layout == "NCHW" else channels_second


def result_like(rois: int, row: Row, layout: str, dtype: np.dtype[Any]) -> np.ndarray:
    """An array for what pooling gives of so many RoIs."""
    return np.empty(shape_in(layout, (rois, row.channels, *row.bin_shape)), dtype)


def maps_like(level: Level, layout: str, dtype: np.dtype[Any]) -> np.ndarray:
    """An array for the gradient for the maps of a level."""
    return np.empty(shape_in(layout, level.feature.shape), dtype)


@dataclass(frozen=True)
class Library:
    """A peer on a CPU: the modules that it needs, and how it is prepared for each operation that it takes part in."""

    modules: tuple[str, ...]
    operations: Mapping[str, Prepare]


@dataclass(frozen=True)
class Contestants:
    """Everybody who takes part in an operator on a CPU.

    Attributes:
        ours: How ours is prepared for each operation.
        peers: The others, by name.
        dtypes: Data types in which ours is timed.
    """

    ours: dict[str, PrepareOurs]
    peers: dict[str, Library]
    dtypes: tuple[str, ...] = DTYPES

    def variants(self, operation: str, problem: Problem) -> list[Contestant]:
        """Ours in each layout and data type."""
        dtypes = [dtype for dtype in self.dtypes if dtype != "bfloat16" or find_spec("ml_dtypes")]
        return [self.ours[operation](problem, layout, dtype) for dtype in dtypes for layout in LAYOUTS]

    def present_peers(self, operation: str, problem: Problem, threads: int) -> tuple[list[Contestant], dict[str, str]]:
        """Those peers that take part in an operation, and why others that have it do not."""
        present, absent = [], {}
        for name, library in self.peers.items():
            if operation not in library.operations:
                continue
            missing = [module for module in library.modules if find_spec(module) is None]
            if missing:
                absent[name] = f"no module {', '.join(missing)}"
                continue
            try:
                present.append(library.operations[operation](problem, threads))
            except Exception as error:  # noqa: BLE001 - whatever ails a peer, the others are timed
                absent[name] = f"{type(error).__name__}: {error}"
        return present, absent


def use_threads(threads: int) -> None:
    """Sets the number of threads of our kernels."""
    os.environ["ROIKIT_NUM_THREADS"] = str(threads)
