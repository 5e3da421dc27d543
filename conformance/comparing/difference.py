"""Where two dialects differ, how often and by how much on boxes of a detector, and what makes them agree."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..exact.numbers import as_json as exactly
from ..operation import Operation
from . import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..exact.numbers import Array
    from ..operator import Operator
    from .calls import Small
    from .named import Side

_FEWEST = 20  # small calls that must agree before it is said that they do


class Choice(NamedTuple):
    """A decision point at which the two choose differently."""

    name: str
    first: str
    second: str


class Example(NamedTuple):
    """A call, and what each of the two makes of it, ``(P_h, P_w)``."""

    call: Small
    first: Any
    second: Any


class Commonness(NamedTuple):
    """What one head of a detector sees of the difference.

    Attributes:
        head: Name of the head, bins along an axis, samples along an axis of a bin (0: adaptive).
        boxes: How many were pooled.
        of_boxes: Share of them in which some value differs.
        of_values: Share of values that differ.
        median: The median difference of those, in standard deviations of a pixel of the map.
        greatest: The greatest difference.
        example: The smallest box in which one is, ``(x1, y1, x2, y2)`` in image pixels, and the scale of its map; None: in none.
    """

    head: calls.Head
    boxes: int
    of_boxes: float
    of_values: float
    median: float
    greatest: float
    example: tuple[list[float], float] | None


class Difference(NamedTuple):
    """All that is said of two dialects in a mode.

    Attributes:
        mode: What becomes of the samples of a bin.
        choices: Where they choose differently, of what the mode looks at.
        smallest: The simplest call in which they differ; None if they do in no small one.
        common: What the heads of a detector see.
        agreeing: Restrictions under which all small calls agree, each with how many these are; of several, all are needed.
        calls: How many small calls there were.
    """

    mode: str
    choices: tuple[Choice, ...]
    smallest: Example | None
    common: tuple[Commonness, ...]
    agreeing: tuple[tuple[tuple[str, ...], int], ...]
    calls: int


def differing_choices(operator: Operator, first: str, second: str, mode: str) -> tuple[Choice, ...]:
    """The decision points of a mode at which two dialects choose differently."""
    a, b = (operator.dialects[name].for_mode(mode) for name in (first, second))
    pairs = ((known.name, getattr(a, known.name), getattr(b, known.name)) for known in fields(a))
    return tuple(Choice(name, str(x), str(y)) for name, x, y in pairs if x != y)


def difference(operator: Operator, first: str, second: str, mode: str, boxes: int, seed: int) -> Difference:
    """Compares two dialects; ``boxes`` are how many a detector's heads pool."""
    choices = differing_choices(operator, first, second, mode)
    if not choices:
        return Difference(mode, (), None, (), (), 0)
    both = operator.dialects[first], operator.dialects[second]
    examples, facts = _small(operator, both, mode)
    heads = calls.heads(operator)
    common = tuple(
        _commonness(operator, both, head, calls.detected(operator, head, mode, boxes, seed)) for head in heads
    )
    smallest = min(examples, key=lambda example: example.call.awkwardness, default=None)
    return Difference(mode, choices, smallest, common, _agreeing(facts), len(facts))


def _values(operator: Operator, given: Mapping[str, Any], dialect: Any) -> Array:
    return operator.oracle.values(given, Operation.FORWARD, dialect)[:, 0]


def _small(
    operator: Operator, both: tuple[Any, Any], mode: str
) -> tuple[list[Example], list[tuple[frozenset[str], bool]]]:
    """The small calls that differ; and of all what can be said of them, and whether they do."""
    examples, facts = [], []
    for given, made in calls.small(operator, mode):
        first, second = (_values(operator, given, dialect) for dialect in both)
        for call, a, b in zip(made, first, second, strict=True):
            differs = bool((a != b).any())
            facts.append((call.facts, differs))
            if differs:
                examples.append(Example(call, exactly(a), exactly(b)))
    return examples, facts


def _commonness(
    operator: Operator, both: tuple[Any, Any], head: calls.Head, made: Iterator[dict[str, Any]]
) -> Commonness:
    of_boxes, of_values, sizes = [], [], []
    differing: list[tuple[list[float], float]] = []
    for given in made:
        a, b = (_values(operator, given, dialect) for dialect in both)
        differ = a != b
        in_box = differ.any((1, 2))
        of_boxes += in_box.tolist()
        of_values += differ.ravel().tolist()
        sizes += [_distance(x, y) for x, y in zip(a[differ], b[differ], strict=True)]
        boxes = itertools.compress(given["boxes"], in_box)
        differing += [(box[1:], given["spatial_scale"][0]) for box in boxes]
    median, greatest = (float(np.median(sizes)), max(sizes)) if sizes else (0.0, 0.0)
    example = min(differing, key=lambda each: _area(each[0]), default=None)
    return Commonness(
        head, len(of_boxes), float(np.mean(of_boxes)), float(np.mean(of_values)), median, greatest, example
    )


def _area(box: list[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _distance(a: Any, b: Any) -> float:
    """How far two exact values are apart; infinite if one is no number."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return abs(float(a - b))
    return math.inf


def _agreeing(facts: list[tuple[frozenset[str], bool]]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The least restrictions, one or two at once, under which nothing differs."""
    kinds = Counter(facts)
    found: dict[tuple[str, ...], set[frozenset[str]]] = {}
    if not any(differs for _, differs in kinds):
        return ()
    for several in itertools.chain(itertools.combinations(calls.FACTS, 1), itertools.combinations(calls.FACTS, 2)):
        meant = {kind for kind, _ in kinds if kind.issuperset(several)}
        if any(meant <= wider for wider in found.values()):
            continue
        count = sum(kinds[kind, False] for kind in meant)
        if count >= _FEWEST and not any(kinds[kind, True] for kind in meant):
            found[several] = meant
    return tuple((several, sum(kinds[kind, False] for kind in meant)) for several, meant in found.items())


def equal_dialects(operator: Operator, dialect: str, others: tuple[str, ...], mode: str) -> tuple[str, ...]:
    """Those of other dialects that are the same function as one in a mode."""
    same = next(names for _, names in operator.different_dialects(mode) if dialect in names)
    return tuple(other for other in others if other in same)


def as_json(operator: Operator, first: Side, second: Side, found: list[Difference]) -> dict[str, Any]:
    """What a file says of the difference; distances that are no number are strings."""
    return {
        "operator": operator.name,
        "first": first._asdict(),
        "second": second._asdict(),
        "modes": [_as_json(each) for each in found],
    }


def _as_json(found: Difference) -> dict[str, Any]:
    example = found.smallest
    return {
        "mode": found.mode,
        "choices": [choice._asdict() for choice in found.choices],
        "smallest": example and {**example.call._asdict(), "first": example.first, "second": example.second},
        "common": [
            {
                **each._asdict(),
                "head": each.head._asdict(),
                "greatest": _plain(each.greatest),
                "median": _plain(each.median),
            }
            for each in found.common
        ],
        "agreeing": [{"facts": list(facts), "calls": count} for facts, count in found.agreeing],
        "calls": found.calls,
    }


def _plain(distance: float) -> float | str:
    return distance if math.isfinite(distance) else "inf"
