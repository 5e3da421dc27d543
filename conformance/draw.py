"""Reproducible choices, for cases that are drawn by chance."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class Draw:
    """A sequence of choices that belongs to a key. Only ``random()``, whose sequence Python promises to keep, is asked for."""

    def __init__(self, *key: object) -> None:
        """Begins the sequence."""
        self._random = Random(" ".join(map(str, key)))  # noqa: S311 - no secret

    def one(self, choices: Sequence[Any]) -> Any:
        """One of the choices."""
        return choices[int(self._random.random() * len(choices))]

    def between(self, low: Fraction | int, high: Fraction | int, step: Fraction | int = 1) -> Fraction:
        """A multiple of ``step`` in [low, high]."""
        first, last = -(-low // step), high // step
        return step * Fraction(int(first) + int(self._random.random() * (int(last - first) + 1)))
