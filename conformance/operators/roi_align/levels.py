"""RA-17: which level of a feature pyramid a RoI is pooled from, in exact arithmetic, and the golden cases of it.

Poolers compute the level in floating point, and their answers change within one unit in the last place of a box. So every step is
rounded here as it is there: to the nearest number of the boxes' data type, from the exact result of the step. The level of a
RoI is read off an implementation as a black box: of the map of level l one channel holds nothing but 1, and one nothing but l.

Regenerate ``levels.json`` with ``python -m roikit.conformance.operators.roi_align.levels conformance``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from math import floor, isqrt
from pathlib import Path
from typing import Any

import numpy as np

from ...exact.floats import FLOAT_TYPES, FloatType

RULES = ("torchvision", "detectron2", "mmdetection", "maskrcnn-benchmark", "matterport", "axlearn")
FIRST_LEVEL, LEVELS = 2, 4
"""The pyramid of all cases: P2 to P5, scales 1/4 to 1/32."""

_IMAGE = 2048  # pixels along a side of the maps from which levels are read
_DIGITS = Context(prec=80)

Pooler = Callable[[list[np.ndarray], np.ndarray, list[float]], np.ndarray]
"""Takes maps ``(1, 2, H_l, W_l)``, boxes ``(K, 5)`` in image pixels and scales; pools a bin of 2 × 2: ``(K, 2, 1, 1)``."""


@dataclass(frozen=True, slots=True)
class LevelCase:
    """Boxes ``(x1, y1, x2, y2)`` of a data type, and the level of each under a rule, counted from the first map."""

    rule: str
    dtype: str
    about: str
    boxes: tuple[tuple[float, ...], ...]
    levels: tuple[int, ...]


def rounded(x: Fraction, to: FloatType) -> Fraction:
    """The number of a type nearest to ``x``, of two the even one. Nothing here is subnormal or too large."""
    if x == 0:
        return x
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    if abs(x) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent + 1 - to.bits)
    return round(x / unit) * unit


def _square_root(x: Fraction, to: FloatType) -> Fraction:
    """The rounded root: from one with so many digits that no more of them could matter."""
    shift = 2 * (2 * to.bits + x.denominator.bit_length())
    scaled = (x.numerator << shift) // x.denominator
    root = isqrt(scaled)
    # What is cut off is remembered as one digit more, so that it cannot be taken for a tie.
    exact = root * root == scaled and (x.numerator << shift) % x.denominator == 0
    return rounded(Fraction(2 * root + (0 if exact else 1), 2 << (shift // 2)), to)


def _logarithm(x: Fraction, to: FloatType) -> Fraction:
    """The rounded logarithm to base 2. It is a whole number for powers of two, and never a tie."""
    numerator, denominator = x.numerator, x.denominator
    if numerator & (numerator - 1) == 0 and denominator & (denominator - 1) == 0:
        return Fraction(numerator.bit_length() - denominator.bit_length())
    quotient = _DIGITS.divide(Decimal(numerator), Decimal(denominator))
    return rounded(Fraction(_DIGITS.divide(_DIGITS.ln(quotient), _DIGITS.ln(Decimal(2)))), to)


def level_of(rule: str, box: Sequence[float], dtype: str) -> int:
    """RA-17: returns the level of a box, counted from the first map of the pyramid of all cases.

    Raises:
        ValueError: the area is negative, for which there is no rule.
    """
    to = FLOAT_TYPES[dtype]
    x1, y1, x2, y2 = map(Fraction, box)
    more = 1 if rule == "maskrcnn-benchmark" else 0
    sides = [rounded(rounded(high - low, to) + more, to) for low, high in ((x1, x2), (y1, y2))]
    area = rounded(sides[0] * sides[1], to)
    if area < 0:
        raise ValueError(f"the area of {tuple(box)} is negative")
    canonical = 56 if rule == "mmdetection" else 224
    size = rounded(_square_root(area, to) / canonical, to)
    level = _unbounded(rule, size, to)
    return 0 if level is None else min(max(level - FIRST_LEVEL, 0), LEVELS - 1)


def _unbounded(rule: str, size: Fraction, to: FloatType) -> int | None:
    """The level before it is held within those that there are; None for minus infinity."""
    epsilon = {"detectron2": 1e-8, "mmdetection": 1e-6, "maskrcnn-benchmark": 1e-6}.get(rule)
    if epsilon is not None:
        size = rounded(size + _constant(epsilon, to), to)
    if size == 0:
        return None
    logarithm = _logarithm(size, to)
    if rule == "mmdetection":
        return FIRST_LEVEL + floor(logarithm)
    if rule == "matterport":
        return 4 + round(logarithm)
    if rule == "axlearn":
        return 4 + floor(logarithm)
    above = rounded(4 + logarithm, to)
    return floor(rounded(above + _constant(1e-6, to), to) if rule == "torchvision" else above)


def _constant(x: float, to: FloatType) -> Fraction:
    return rounded(Fraction(x), to)


# ---- cases --------------------------------------------------------------------------------------------------------------


def _next(x: float, dtype: str, direction: float) -> float:
    return float(np.nextafter(np.dtype(dtype).type(x), np.dtype(dtype).type(direction)))


def _boundary(rule: str, level: int, dtype: str) -> float:
    """The least side of a square at the origin whose level is ``level`` or above."""
    low, high = np.dtype(dtype).type(1), np.dtype(dtype).type(4096)
    bits = np.int32 if dtype == "float32" else np.int64
    below, reached = int(low.view(bits)), int(high.view(bits))
    while reached - below > 1:
        middle = (below + reached) // 2
        side = float(np.array(middle, bits).view(dtype))
        if level_of(rule, (0.0, 0.0, side, side), dtype) >= level:
            reached = middle
        else:
            below = middle
    return float(np.array(reached, bits).view(dtype))


def _cases() -> Iterator[LevelCase]:
    for rule in RULES:
        for dtype in ("float32", "float64"):
            for level in range(1, LEVELS):
                side = _boundary(rule, level, dtype)
                sides = (_next(_next(side, dtype, 0), dtype, 0), _next(side, dtype, 0), side, _next(side, dtype, 1e9))
                boxes = [(0.0, 0.0, s, s) for s in sides] + [(0.0, 0.0, 4 * s, s / 4) for s in sides]
                yield _case(rule, dtype, f"squares and strips beside the least size of level {level}", boxes)
            powers = [
                (0.0, 0.0, s, s)
                for s in (14.0, 28.0, 55.0, 56.0, 57.0, 111.0, 112.0, 113.0, 223.0, 224.0, 225.0, 448.0)
            ]
            yield _case(rule, dtype, "sides at and beside the canonical size and its halves", powers)
            away = [
                (100.25, 50.5, 324.25, 274.5),
                (-100.0, -100.0, 124.0, 124.0),
                (7.75, 3.5, 120.0, 227.75),
                (30.0, 20.0, 31.0, 80.0),
            ]
            yield _case(rule, dtype, "boxes that are not at the origin", away)
            odd = [
                (5.0, 5.0, 5.0, 5.0),
                (5.0, 5.0, 5.0, 90.0),
                (300.0, 300.0, 40.0, 40.0),
                (0.0, 0.0, 4000.0, 4000.0),
                (0.0, 0.0, 0.125, 0.125),
            ]
            yield _case(rule, dtype, "no area, both corners exchanged, huge, tiny", odd)


def _case(rule: str, dtype: str, about: str, boxes: Sequence[tuple[float, ...]]) -> LevelCase:
    held = tuple(tuple(float(np.dtype(dtype).type(x)) for x in box) for box in boxes)
    return LevelCase(rule, dtype, about, held, tuple(level_of(rule, box, dtype) for box in held))


@cache
def load_level_cases() -> tuple[LevelCase, ...]:
    """The golden cases of RA-17."""
    document = json.loads(files(__package__).joinpath("levels.json").read_text(encoding="utf-8"))
    return tuple(
        LevelCase(case["rule"], case["dtype"], case["about"], tuple(map(tuple, case["boxes"])), tuple(case["levels"]))
        for case in document["cases"]
    )


def read_levels(pooler: Pooler, case: LevelCase) -> list[float]:
    """The level that a pooler takes each box of a case from; NaN if none of its samples is inside."""
    scales = [2.0 ** -(FIRST_LEVEL + i) for i in range(LEVELS)]
    sizes = [int(_IMAGE * scale) for scale in scales]
    maps = [np.stack([np.ones((n, n)), np.full((n, n), i)])[None].astype(case.dtype) for i, n in enumerate(sizes)]
    boxes = np.column_stack([np.zeros(len(case.boxes)), case.boxes]).astype(case.dtype)
    ones, levels = np.asarray(pooler(maps, boxes, scales)).reshape(len(boxes), 2).T
    # Samples outside the map are 0 in both.
    return [float(level / one) if one else float("nan") for one, level in zip(ones, levels, strict=True)]


def render() -> str:
    """The text of ``levels.json``."""
    cases = [
        json.dumps({"rule": c.rule, "dtype": c.dtype, "about": c.about, "boxes": c.boxes, "levels": c.levels})
        for c in _cases()
    ]
    head = '{\n"pyramid": {"first_level": 2, "levels": 4, "scales": ["1/4", "1/8", "1/16", "1/32"]},\n"cases": [\n'
    return head + ",\n".join(cases) + "\n]\n}\n"


def main(arguments: Sequence[str] | None = None) -> Any:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m roikit.conformance.operators.roi_align.levels", description="Regenerates levels.json."
    )
    parser.add_argument("folder", type=Path, help="the folder that holds it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file would change")
    chosen = parser.parse_args(arguments)
    path = chosen.folder / "levels.json"
    fresh = render()
    stale = not path.exists() or path.read_text(encoding="utf-8") != fresh
    if stale and not chosen.check:
        path.write_text(fresh, encoding="utf-8")
    return int(stale and chosen.check)


if __name__ == "__main__":
    sys.exit(main())
