"""What a timed call should have returned, and how far from it a sound result may be.

The oracle gives each axis of each RoI exactly, with the errors that float32 coordinates may have (`AxisError`). The sums over
pixels, and the bound of their error (as in ``conformance/tolerance.py``), are then formed in float64. `validate` holds that
short cut against the oracle itself, in rational arithmetic, on a few RoIs of every level.

Small rows are checked throughout. Of large ones, `blocks` takes all RoIs on some channels and some RoIs on all channels,
drawn by chance; of the rest it is only known that every element was written. What gradients should be, `gradient_reference` says.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.operators.roi_align.oracle.bounds import bounds
from roikit.conformance.sampling.errors import AxisError
from roikit.kernels.dialects.roi_align import DIALECTS

from ....measuring.judgement import Judgement
from ..floors import geometry
from ..operations import Operation
from ..workloads import SEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..workloads import Level, Problem

DIALECT = Operation.FORWARD.dialect
WHOLE = 8_000_000
"""Rows of at most so many output elements, and of 25 times as many elements to read, are checked throughout."""
SAMPLED_ROIS, SAMPLED_CHANNELS = 24, 24
FLOAT64 = 2.0**-44
"""A generous bound of the float64 error of a sum, relative to the sum of magnitudes."""


@dataclass(frozen=True)
class AxisFacts:
    """One axis of one RoI, in float64; arrays are ``(P, window)`` but for those of each bin, ``(P,)``.

    ``first`` is the first pixel of the window, one of ``pixels``. ``weights`` sums the weights of the samples; ``total`` and
    ``count`` are those of `tolerance.Reach`; ``inside`` counts samples; ``at_bound`` says that nobody can say whether one is
    inside.
    """

    first: int
    pixels: int
    weights: np.ndarray
    total: np.ndarray
    count: np.ndarray
    inside: np.ndarray
    at_bound: np.ndarray
    grid: int
    fragile: bool

    @property
    def window(self) -> slice:
        """The pixels of the window."""
        return slice(self.first, self.first + self.weights.shape[1])


def axis_facts(axis: oracle.Axis) -> AxisFacts:
    """Returns the facts of an axis whose coordinates are formed in float32."""
    error = AxisError(axis, FLOAT_TYPES["float32"])
    reach = error.reach
    weights = np.zeros((axis.bins, axis.pixels))
    inside = np.zeros(axis.bins)
    for p in range(axis.bins):
        for sample in axis.samples(p):
            inside[p] += sample.count
            for pixel, weight in (sample.low, sample.high):
                weights[p, pixel] += sample.count * float(weight)
    used = np.flatnonzero(weights.any(axis=0) | reach.count.any(axis=0))
    first, stop = (used[0], min(used[-1] + 3, axis.pixels)) if len(used) else (0, 1)
    window = slice(first, stop)
    return AxisFacts(
        int(first),
        axis.pixels,
        weights[:, window],
        reach.total[:, window],
        reach.count[:, window],
        inside,
        reach.at_bound,
        axis.grid,
        error.grid_is_fragile,
    )


RoiFacts = tuple[AxisFacts, AxisFacts]


def _rois_facts(
    boxes: list[list[float]], size: tuple[int, int], scale: float, bins: int, ratio: int, dialect: str
) -> list[RoiFacts]:
    rules = DIALECTS[dialect]
    rois = (oracle.stages(box, size, (bins, bins), (scale, scale), (ratio, ratio), rules) for box in boxes)
    return [(axis_facts(roi.y), axis_facts(roi.x)) for roi in rois]


def facts_of(problem: Problem, dialect: str, processes: int) -> tuple[list[RoiFacts], ...]:
    """Returns the facts of each RoI ``(y, x)`` of each level; they are kept for other operations on the same boxes."""
    levels = tuple((level.boxes.tobytes(), level.feature.shape[2:], level.scale) for level in problem.levels)
    return _kept_facts(levels, problem.row.bins, problem.row.sampling_ratio, dialect, processes)


@cache
def _kept_facts(
    levels: tuple[tuple[bytes, tuple[int, int], float], ...], bins: int, ratio: int, dialect: str, processes: int
) -> tuple[list[RoiFacts], ...]:
    found = []
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for data, size, scale in levels:
            boxes = np.frombuffer(data, np.float32).reshape(-1, 5).astype(float)
            chunks = np.array_split(boxes, max(1, len(boxes) // 16))
            arguments = [(chunk.tolist(), size, scale, bins, ratio, dialect) for chunk in chunks]
            if processes == 1:
                parts = [_rois_facts(*argument) for argument in arguments]
            else:
                parts = list(pool.map(_rois_facts, *zip(*arguments, strict=True)))
            found.append([roi for part in parts for roi in part])
    return tuple(found)


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

    ``shapes`` are those of whole outputs, in the order N or K, C, …; ``dtype`` is theirs if it is not that of the maps.
    """

    shapes: list[tuple[int, ...]]
    blocks: list[Expected] = field(default_factory=list)
    checked_exactly: int = 0
    dtype: str | None = None

    def judge(self, outputs: list[Any], dtype: str) -> Judgement:
        """Judges all outputs, NumPy's or CuPy's, ``dtype`` being that of the maps."""
        dtype = self.dtype or dtype
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
            worst = max(worst, float((error[judged] / bound[judged]).max(initial=0.0)))
            greatest = max(greatest, float(error[judged].max(initial=0.0)))
            checked += int(judged.sum())
        elements = sum(output.size for output in outputs)
        reason = "" if worst <= 1 else f"{worst:.3g} times the bound of its error"
        return Judgement(worst <= 1 and checked > 0, worst, greatest, checked, elements, reason)


_BITS = {"float32": (np.uint32, 0x7F800000), "float16": (np.uint16, 0x7C00), "bfloat16": (np.uint16, 0x7F80)}


def _all_finite(output: Any) -> bool:
    """Returns whether no element is infinite or NaN, by its exponent: that works for all data types in both libraries."""
    unsigned, exponent = _BITS[output.dtype.name]
    bits = output.view(unsigned) & unsigned(exponent)
    return not bool((bits == unsigned(exponent)).any())


def _take(output: Any, index: tuple[np.ndarray, ...]) -> np.ndarray:
    """Returns these elements in float64."""
    bits = output.view(_BITS[output.dtype.name][0])
    if isinstance(bits, np.ndarray):
        taken = bits[index]
    else:
        import cupy

        taken = bits[tuple(map(cupy.asarray, index))].get()
    return taken.view(output.dtype).astype(np.float64)


def make_reference(problem: Problem, processes: int = 1, operation: Operation = Operation.FORWARD) -> Reference:
    """Computes what pooling a row should give; raises if that disagrees with the oracle."""
    row, rng = problem.row, np.random.default_rng(SEED)
    whole = max(row.outputs, geometry(problem).footprint * row.channels // 25) <= WHOLE
    counts = [row.rois] if operation.all_levels else [len(level.boxes) for level in problem.levels]
    reference = Reference([(count, row.channels, row.bins, row.bins) for count in counts])
    for index, facts in enumerate(facts_of(problem, operation.dialect, processes)):
        level = problem.levels[index]
        output, places = _places(level, index, operation)
        for rois, channels in _blocks(len(facts), row.channels, rng, whole=whole):
            value, bound = _expect(level, facts, rois, channels)
            reference.blocks.append(Expected(output, (places[rois][:, None], channels[None]), value, bound))
        reference.checked_exactly += validate(problem, reference, index, operation, rng)
    return reference


def _places(level: Level, index: int, operation: Operation) -> tuple[int, np.ndarray]:
    """Returns the number of the output that a level is pooled into, and which of its RoIs are those of the level."""
    return (0, level.rois) if operation.all_levels else (index, np.arange(len(level.boxes)))


def _blocks(
    rois: int, channels: int, rng: np.random.Generator, *, whole: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    if whole:
        yield np.arange(rois), np.arange(channels)
        return
    yield np.arange(rois), np.sort(rng.choice(channels, SAMPLED_CHANNELS, replace=False))
    yield np.sort(rng.choice(rois, min(SAMPLED_ROIS, rois), replace=False)), np.arange(channels)


def _expect(
    level: Level, facts: list[RoiFacts], rois: np.ndarray, channels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    bins = len(facts[0][0].weights)
    value = np.empty((len(rois), len(channels), bins, bins))
    bound = np.empty_like(value)
    everything = len(channels) == level.feature.shape[1]
    for at, k in enumerate(rois):
        y, x = facts[k]
        image = level.feature[int(level.boxes[k, 0])]
        window = image[:, y.window, x.window] if everything else image[channels, y.window, x.window]
        value[at], bound[at] = _pool(y, x, window.astype(np.float64))
    return value, bound


def _pool(y: AxisFacts, x: AxisFacts, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns value and bound, ``(C, P, P)``, from a window ``(C, h, w)``: `tolerance.bounds`, for an average in float32."""
    working = FLOAT_TYPES["float32"]
    count = max(y.grid * x.grid, 1)
    steep_y = _either(abs(np.diff(pixels, axis=1, append=pixels[:, -1:])), 2)
    steep_x = _either(abs(np.diff(pixels, axis=2, append=pixels[:, :, -1:])), 1)
    value = y.weights @ pixels @ x.weights.T / count
    moved = (y.total @ steep_y @ x.count.T + y.count @ steep_x @ x.total.T) / count
    magnitude = y.weights @ abs(pixels) @ x.weights.T / count + moved
    roundings = (4 * np.outer(y.inside, x.inside) + 8) * working.unit
    error = moved + roundings / (1 - roundings) * magnitude
    error += working.underflow * (6 * (abs(pixels).max(initial=0.0) + 1) + count * magnitude)
    error = (error + 2.0**-53 * abs(value)) * (1 + 1e-9) + FLOAT64 * magnitude
    some_y, some_x = (axis.at_bound | axis.count.any(axis=1) for axis in (y, x))
    fragile = np.outer(y.at_bound, some_x) | np.outer(some_y, x.at_bound) | y.fragile | x.fragile
    return value, np.where(fragile, np.inf, error)


def _either(array: np.ndarray, axis: int) -> np.ndarray:
    after = np.take(array, [*range(1, array.shape[axis]), array.shape[axis] - 1], axis)
    return np.maximum(array, after)


def validate(problem: Problem, reference: Reference, index: int, operation: Operation, rng: np.random.Generator) -> int:
    """Compares a level with the oracle and `tolerance.bounds`, in one channel of two RoIs; returns how many elements.

    Raises:
        AssertionError: they disagree.
    """
    row, level = problem.row, problem.levels[index]
    output, places = _places(level, index, operation)
    blocks = [block for block in reference.blocks if block.output == output and block.index[0][0, 0] in places]
    channel = int(rng.choice(blocks[0].index[1][0]))
    elements = 0
    for k in rng.choice(len(places), min(2, len(places)), replace=False):
        box = level.boxes[k].astype(float)
        maps = level.feature[int(box[0])][None, channel : channel + 1]
        exact = oracle.roi_align(
            maps,
            [[0, *box[1:]]],
            (row.bins, row.bins),
            (level.scale, level.scale),
            (row.sampling_ratio, row.sampling_ratio),
            "avg",
            DIALECTS[operation.dialect],
        )
        bound, fragile = (array[0, 0] for array in bounds(exact, "float32"))
        block = next(block for block in blocks if places[k] in block.index[0])
        at = np.searchsorted(block.index[0][:, 0], places[k]), np.searchsorted(block.index[1][0], channel)
        value, own = block.value[at], block.bound[at]
        if not np.array_equal(np.isinf(own), fragile):
            raise AssertionError(f"{row.name}: the reference and the oracle differ on which elements have no bound")
        if (abs(value - exact.values[0, 0].astype(float)) > FLOAT64 * (1 + abs(value))).any():
            raise AssertionError(f"{row.name}: the reference is not what the oracle gives")
        if (abs(own - bound)[~fragile] > 1e-3 * bound[~fragile]).any():
            raise AssertionError(f"{row.name}: the bounds of the reference are not those of the oracle")
        elements += value.size
    return elements
