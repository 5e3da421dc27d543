"""What a timed call should have returned, and how far from it a sound result may be.

The oracle gives each axis of each RoI exactly, with the errors that float32 coordinates may have (`AxisError`). The sums over
pixels, and the bound of their error (as in ``oracle/bounds.py``), are then formed in float64. `validate` holds that
short cut against the oracle itself, in rational arithmetic, on a few RoIs of every level.

Small rows are checked throughout. Of large ones, `crosswise` takes all RoIs on some channels and some RoIs on all channels,
drawn by chance; of the rest it is only known that every element was written. What gradients should be, `gradient` says.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.operators.roi_align.oracle.bounds import bounds, moved_sums, sums_in_doubt
from roikit.conformance.operators.roi_align.oracle.fast import Rows, read
from roikit.conformance.sampling.errors import AxisError
from roikit.kernels.dialects.roi_align import DIALECTS

from ....measuring.judgement import FLOAT64, Expected, Reference, crosswise
from ....measuring.references import counts_of, places_of
from ....workloads import SEED
from ..floors import geometry
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.problem import Level, Problem

DIALECT = Operation.FORWARD.dialect
WHOLE = 8_000_000
"""Rows of at most so many output elements, and of 25 times as many elements to read, are checked throughout."""


@dataclass(frozen=True)
class AxisFacts:
    """One axis of one RoI, in float64; arrays are ``(P, window)`` but for those of each bin, ``(P,)``.

    ``first`` is the first pixel of the window, one of ``pixels``. ``weights`` sums the weights of the samples; ``total`` and
    ``count`` are those of `sampling.errors.Reach`; ``inside`` counts samples; ``at_bound`` says that nobody can say whether
    one is inside.
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
    """The facts of an axis whose coordinates are formed in float32."""
    error = AxisError(axis, FLOAT_TYPES["float32"])
    reach = error.reach
    rows = Rows(axis)
    used = np.flatnonzero(rows.weights.any(axis=0) | reach.count.any(axis=0))
    first, stop = (used[0], min(used[-1] + 3, axis.pixels)) if len(used) else (0, 1)
    window = slice(first, stop)
    return AxisFacts(
        int(first),
        axis.pixels,
        rows.weights[:, window],
        reach.total[:, window],
        reach.count[:, window],
        rows.inside.astype(float),
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
    """The facts of each RoI ``(y, x)`` of each level; they are kept for other operations on the same boxes."""
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


def make_reference(problem: Problem, processes: int = 1, operation: Operation = Operation.FORWARD) -> Reference:
    """Computes what pooling a row should give; raises if that disagrees with the oracle."""
    row, rng = problem.row, np.random.default_rng(SEED)
    whole = max(row.outputs, geometry(problem).footprint * row.channels // 25) <= WHOLE
    counts = counts_of(problem, joined=operation.all_levels)
    reference = Reference([(count, row.channels, row.bins, row.bins) for count in counts])
    for index, facts in enumerate(facts_of(problem, operation.dialect, processes)):
        level = problem.levels[index]
        output, places = places_of(level, index, joined=operation.all_levels)
        for rois, channels in crosswise(len(facts), row.channels, rng, whole=whole):
            value, bound = _expect(level, facts, rois, channels)
            reference.blocks.append(Expected(output, (places[rois][:, None], channels[None]), value, bound))
        reference.checked_exactly += validate(problem, reference, index, operation, rng)
    return reference


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
        value[at], bound[at] = pool_window(y, x, window.astype(np.float64))
    return value, bound


def pool_window(y: AxisFacts, x: AxisFacts, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and bound, ``(C, P, P)``, from a window ``(C, h, w)``: `oracle.bounds`, for an average in float32."""
    working = FLOAT_TYPES["float32"]
    count = max(y.grid * x.grid, 1)
    value = read(y.weights, pixels, x.weights) / count
    moved = moved_sums(y, x, pixels) / count
    magnitude = read(y.weights, abs(pixels), x.weights) / count + moved
    roundings = (4 * np.outer(y.inside, x.inside) + 8) * working.unit
    error = moved + roundings / (1 - roundings) * magnitude
    error += working.underflow * (6 * (abs(pixels).max(initial=0.0) + 1) + count * magnitude)
    error = (error + 2.0**-53 * abs(value)) * (1 + 1e-9) + FLOAT64 * magnitude
    return value, np.where(sums_in_doubt(y, x) | y.fragile | x.fragile, np.inf, error)


def validate(problem: Problem, reference: Reference, index: int, operation: Operation, rng: np.random.Generator) -> int:
    """Compares a level with the oracle and `oracle.bounds`, in one channel of two RoIs; returns how many elements.

    Raises:
        AssertionError: they disagree.
    """
    row, level = problem.row, problem.levels[index]
    output, places = places_of(level, index, joined=operation.all_levels)
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
