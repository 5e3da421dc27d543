"""Numbers that a user types: exact ones, with commas between, of which a single one goes for all axes."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..explanation import Bin

_NUMBER = re.compile(r"\s*[+-]?[\d.]{1,30}(/\d{1,30}|e[+-]?\d{1,2})?\s*", re.IGNORECASE)


def numbers_of(option: str, text: str, *counts: int, about: str = "", said: str | None = None) -> tuple[Fraction, ...]:
    """As many numbers as one of ``counts``; ``about`` says what they are, ``said`` what was typed, if it was more."""
    parts = re.split("[,x]", text)
    try:
        if len(parts) in counts and all(map(_NUMBER.fullmatch, parts)):
            return tuple(map(Fraction, map(str.strip, parts)))
    except (ValueError, ZeroDivisionError):
        pass
    many = " with commas between" if max(counts) > 1 else ""
    numbers = f"{' or '.join(map(str, dict.fromkeys(counts)))} number{'s' * (max(counts) > 1)}"
    raise UsageError(f"{option} takes {numbers}{many}{about}, not {said or text!r}")


def for_each(numbers: tuple[Any, ...], axes: int) -> tuple[Any, ...]:
    """A single number goes for all axes."""
    return numbers if len(numbers) == axes else numbers * axes


def whole_numbers(option: str, text: str, least: Bin, most: Bin, counts: Sequence[int] = ()) -> Bin:
    """Whole numbers within bounds for each axis; a single one goes for all."""
    numbers = for_each(numbers_of(option, text, *(counts or (1, len(least)))), len(least))
    for number, low, high in zip(numbers, least, most, strict=True):
        if number.denominator > 1 or not low <= number <= high:
            raise UsageError(f"{option} takes whole numbers from {low} to {high}, not {text!r}")
    return tuple(map(int, numbers))
