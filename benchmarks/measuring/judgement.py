"""Whether what was timed is right: results are held against expected values in some or all elements, within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOAT64 = 2.0**-44
"""A generous bound of the float64 error of a sum, relative to the sum of magnitudes."""
SAMPLED_ROIS, SAMPLED_CHANNELS = 24, 24
"""How many of each are checked of a row that is too large to be checked throughout."""


@dataclass(frozen=True)
class Judgement:
    """How a result compares: ``correct`` if all of it was written and all that was checked is within its bound."""

    correct: bool
    error_over_bound: float
    greatest_error: float
    checked: int
    elements: int
    reason: str = ""


class Expected(NamedTuple):
    """Some elements of an output: values, and bounds, infinite where there is none.

    ``index`` has arrays that broadcast, for the first axes of output number ``output``; ``value`` has their shape, and then
    the other axes whole.
    """

    output: int
    index: tuple[np.ndarray, ...]
    value: np.ndarray
    bound: np.ndarray


@dataclass
class Reference:
    """The expected outputs of a row, in some elements.

    ``shapes`` are those of whole outputs, in the order N or K, C, …; ``dtype`` is theirs if it is not that of the maps, and these
    are not of float64.
    ``others`` are what contestants are held to that follow other rules, by the name of these.
    """

    shapes: list[tuple[int, ...]]
    blocks: list[Expected] = field(default_factory=list)
    checked_exactly: int = 0
    dtype: str | None = None
    others: dict[str, Reference] = field(default_factory=dict)

    def under(self, dialect: str | None) -> Reference:
        """What a contestant is held to that follows this dialect; None: that of the operation."""
        return self if dialect is None else self.others[dialect]

    def judge(self, outputs: list[Any], dtype: str) -> Judgement:
        """Judges all outputs, NumPy's or CuPy's, ``dtype`` being that of the maps."""
        dtype = dtype if self.dtype is None or dtype == "float64" else self.dtype
        worst = greatest = 0.0
        checked = 0
        for shape, output in zip(self.shapes, outputs, strict=True):
            if output.shape != shape or output.dtype.name != dtype:
                return Judgement(
                    False, np.inf, np.inf, 0, 0, f"{output.dtype} {output.shape} instead of {dtype} {shape}"
                )
            if not _all_finite(output):
                return Judgement(False, np.inf, np.inf, 0, 0, "not finite, or not written")
        storage = FLOAT_TYPES[dtype]
        for block in self.blocks:
            got = _take(outputs[block.output], block.index)
            bound = block.bound
            if storage.bits < FLOAT_TYPES["float32"].bits:
                bound = bound + np.maximum(storage.unit * (abs(block.value) + bound), storage.underflow)
            error = abs(got - block.value)
            judged = np.isfinite(bound)
            worst = max(worst, float(_over(error[judged], bound[judged]).max(initial=0.0)))
            greatest = max(greatest, float(error[judged].max(initial=0.0)))
            checked += int(judged.sum())
        elements = sum(output.size for output in outputs)
        reason = "" if worst <= 1 else f"{worst:.3g} times the bound of its error"
        return Judgement(worst <= 1 and checked > 0, worst, greatest, checked, elements, reason)


def _over(error: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Errors in units of their bounds; where the bound is 0, as it is of what is only copied, any error is infinitely many."""
    without = np.where(error > 0, np.inf, 0.0)
    return np.divide(error, bound, out=without, where=bound > 0)


_BITS = {
    "float64": (np.uint64, 0x7FF << 52),
    "float32": (np.uint32, 0x7F800000),
    "float16": (np.uint16, 0x7C00),
    "bfloat16": (np.uint16, 0x7F80),
}
"""Of each type, the integers of its size and the bits of its exponent."""


def _all_finite(output: Any) -> bool:
    """Whether no element is infinite or NaN, by its exponent: that works for all data types in both libraries."""
    unsigned, exponent = _BITS[output.dtype.name]
    bits = output.view(unsigned) & unsigned(exponent)
    return not bool((bits == unsigned(exponent)).any())


def _take(output: Any, index: tuple[np.ndarray, ...]) -> np.ndarray:
    """These elements in float64."""
    bits = output.view(_BITS[output.dtype.name][0])
    if isinstance(bits, np.ndarray):
        taken = bits[index]
    else:
        import cupy

        taken = bits[tuple(map(cupy.asarray, index))].get()
    return taken.view(output.dtype).astype(np.float64)


def crosswise(
    rois: int, channels: int, rng: np.random.Generator, *, whole: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """RoIs and channels to check: everything, or all RoIs on some channels and then some RoIs on all channels."""
    if whole:
        yield np.arange(rois), np.arange(channels)
        return
    yield np.arange(rois), np.sort(rng.choice(channels, SAMPLED_CHANNELS, replace=False))
    yield np.sort(rng.choice(rois, min(SAMPLED_ROIS, rois), replace=False)), np.arange(channels)
