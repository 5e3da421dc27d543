"""Times several functions so that they can be compared: in turns, A-B-A-B, for as long as there is time."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LEAST_THRESHOLD = 0.05
"""Nothing smaller than this is called a difference, however calm the machine is."""


@dataclass(frozen=True)
class Summary:
    """Median, quartiles and minimum of samples, in seconds; nothing is left out."""

    median: float
    lower_quartile: float
    upper_quartile: float
    minimum: float
    samples: int

    def as_dict(self) -> dict[str, Any]:
        """The summary for a JSON file."""
        return asdict(self)


def summarise(samples: Sequence[float]) -> Summary:
    """The summary of samples in seconds; raises ValueError if there is none or one is not a time."""
    array = np.asarray(samples, float)
    if array.size == 0 or not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError(f"not times: {samples!r}")
    low, median, high = np.percentile(array, (25, 50, 75))
    return Summary(float(median), float(low), float(high), float(array.min()), array.size)


@dataclass(frozen=True)
class Control:
    """The same kernel timed twice as if it were two (A/A).

    ``spread`` is by how much the medians differ; a difference below ``threshold`` is none.
    """

    spread: float
    threshold: float


def control(first: Summary, second: Summary) -> Control:
    """The A/A control of two series of the same thing."""
    spread = abs(first.median / second.median - 1)
    return Control(spread, max(3 * spread, LEAST_THRESHOLD))


def host_seconds(function: Callable[[], object]) -> float:
    """How long one call takes by the host's clock, after one that is not timed."""
    function()
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def rounds(
    one_round: Callable[[Sequence[str]], Mapping[str, float]],
    names: Sequence[str],
    seconds: float,
    least: int,
    most: int,
) -> dict[str, list[float]]:
    """Samples in seconds by name; ``one_round`` takes one of each, in the order that it is given.

    Ends after ``most`` rounds, or after ``least`` as soon as ``seconds`` have passed. Every second round runs backwards, so
    that nobody always follows the same neighbour.
    """
    samples: dict[str, list[float]] = {name: [] for name in names}
    deadline = time.perf_counter() + seconds
    for done in range(most):
        if done >= least and time.perf_counter() > deadline:
            break
        taken = one_round(names if done % 2 == 0 else names[::-1])
        for name, sample in taken.items():
            samples[name].append(sample)
    return samples


def interleave(
    functions: Mapping[str, Callable[[], float]], seconds: float, least: int = 5, most: int = 100
) -> dict[str, list[float]]:
    """Samples in seconds: each function's return values, the functions taking turns."""
    return rounds(lambda order: {name: functions[name]() for name in order}, list(functions), seconds, least, most)
