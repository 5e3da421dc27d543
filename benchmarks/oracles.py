"""References of large rows, held against the exact oracle of the referee in a few RoIs and a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.conformance import operators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from roikit.conformance.operation import Operation

    from .measuring.problem import Level

SOME = 2
"""RoIs of each level that are held against it."""
_TOLERANCE = 1e-9


def drawn(
    level: Level, arriving: np.ndarray, rng: np.random.Generator, together: int = 1
) -> tuple[np.ndarray, np.ndarray, int]:
    """Some RoIs of a level drawn by chance, what arrives at a channel of these, and its number: something does.

    Of channels that are made of each other, as many as are ``together``, it is the first of them that has a number.
    """
    rois = np.sort(rng.choice(len(level.boxes), min(SOME, len(level.boxes)), replace=False))
    sent = arriving[rois]
    channel = int(abs(sent).max(axis=(0, *range(2, sent.ndim))).argmax()) // together * together
    return rois, sent[:, channel : channel + together], channel


def some_of(
    level: Level, arriving: np.ndarray, rng: np.random.Generator, together: int = 1
) -> tuple[Level, np.ndarray]:
    """Some RoIs of a level drawn by chance, with what arrives at a channel, or those that are `drawn`, and the maps of it."""
    rois, sent, channel = drawn(level, arriving, rng, together)
    each = level.feature.shape[1] // arriving.shape[1]
    maps = level.feature[:, channel * each : (channel + together) * each]
    return type(level)(maps, level.boxes[rois], level.scale, level.rois[rois]), sent


def stated(array: np.ndarray) -> dict[str, Any]:
    """An array as case files have it."""
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).astype(np.float64).tolist()}


def hold(
    found: np.ndarray, operator: str, operation: Operation, dialect: str, arguments: Mapping[str, Any], row: str
) -> int:
    """Compares what was found with what the oracle gives for the arguments of a case; returns in how many numbers.

    Raises:
        AssertionError: they differ by more than float64 may.
    """
    known = operators.get(operator)
    right = np.asarray(known.oracle.values(arguments, operation, known.dialects[dialect])).astype(np.float64)
    if not np.allclose(found, right, rtol=_TOLERANCE, atol=_TOLERANCE * (1 + abs(right).max(initial=0))):
        raise AssertionError(f"{row}: the reference of {operation.replace('_', ' ')} is not what the oracle gives")
    return int(right.size)
