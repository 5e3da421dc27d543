"""Calls of golden cases, in words and as numbers that can be copied."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conformance import operators
from ..conformance.arrays import box_rows, leaves
from ..conformance.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..conformance.call import Call
    from ..conformance.cases.case import Case

_MOST_BOXES = 3
"""Boxes of a call that a sentence has."""

_MOST_NUMBERS = 200
"""Numbers of an array that a page has: larger ones it says how to make."""

_AXES = {
    "N": "images", "C": "channels", "M": "channels of weights",
    "D": "slices", "H": "rows", "W": "columns",
    "K": "RoIs", "P_d": "slices of bins", "P_h": "rows of bins", "P_w": "columns of bins",
    "2": "along x and y", "4": "coordinates", "5": "numbers", "6": "coordinates", "7": "numbers",
    "T_h": "rows of parts", "T_w": "columns of parts",
}  # fmt: skip
_OF_PARTS = {**_AXES, "D": "along x and y of each class"}
_RETURNED = {
    Operation.FORWARD: "the output",
    Operation.FEATURE_GRADIENT: "the gradient for the maps",
    Operation.BOX_GRADIENT: "the gradient for the boxes",
    Operation.WEIGHT_GRADIENT: "the gradient for the weights",
    Operation.OFFSET_GRADIENT: "the gradient for the offsets",
}


class Numbers(NamedTuple):
    """An array as a page shows it.

    Attributes:
        name: What the array is called.
        size: Its shape, with what its axes are: ``"1 × 2 × 5 × 6: images, channels, rows, columns"``.
        text: Its numbers, a row of them on a line, and an empty line between planes; or how it is made.
        is_whole: Whether ``text`` is all of it, and not how it is made.
    """

    name: str
    size: str
    text: str
    is_whole: bool


def in_words(case: Case) -> str:
    """A call in words: ``"forward, max: input 1 × 2 × 5 × 6; boxes (0, 0, 3, 3); output size 2 × 2; spatial scale 1"``."""
    kind = operators.call_type(case.operator)
    parts = [
        f"{name.replace('_', ' ')} {_argument(name, value, kind)}"
        for name, value in case.arguments.items()
        if name != "mode"
    ]
    return f"{', '.join(filter(None, (case.operation, case.mode)))}: {'; '.join(parts)}"


def _argument(name: str, value: Any, kind: type[Call]) -> str:
    """An argument of a case in words: of maps their shape, of boxes the first few, without their images."""
    if isinstance(value, dict):
        return " × ".join(map(str, value["shape"]))
    if name in kind.coordinates:
        rows = [", ".join(f"{number:g}" for number in row[1:]) for row in box_rows(value)[:_MOST_BOXES].tolist()]
        more = f" and {len(value) - len(rows)} more" if len(value) > len(rows) else ""
        return "; ".join(f"({row})" for row in rows) + more or "none"
    if name in kind.sizes:
        return " × ".join(map(str, value))
    if isinstance(value, str | bool):
        return _said(value)
    if _are_pairs(value):
        return _in_turn(value)
    return ", ".join(f"{number:g}" for number in dict.fromkeys(value)) if isinstance(value, list) else f"{value:g}"


def _said(value: str | bool) -> str:
    """A choice in words."""
    return value if isinstance(value, str) else "yes" if value else "no"


def _are_pairs(value: Any) -> bool:
    """Whether an argument is a list of pairs: the sizes of several maps."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _in_turn(sizes: Sequence[Sequence[int]]) -> str:
    """Sizes in words: ``"8 × 6, 4 × 3"``."""
    return ", ".join(f"{rows} × {columns}" for rows, columns in sizes)


def returned(case: Case) -> str:
    """What is asked for: ``"the output"``."""
    return _RETURNED[case.operation]


def parameters(arguments: Mapping[str, Any], operator: str) -> list[tuple[str, str]]:
    """The arguments that are no arrays, in words, with what a pair of numbers is."""
    kind = operators.call_type(operator)
    shown = []
    for name, value in arguments.items():
        if name in kind.axes or isinstance(value, dict):
            continue
        if isinstance(value, list) and name in kind.sizes:
            text = f"{value[0]} × {value[1]}, rows × columns"
        elif _are_pairs(value):
            text = f"{_in_turn(value)}, rows × columns"
        elif isinstance(value, list):
            text = number(value[0]) if value[0] == value[1] else f"{number(value[0])} for y, {number(value[1])} for x"
            text += ": adaptive" if name == "sampling_ratio" and set(value) == {0} else ""
        else:
            text = _said(value) if isinstance(value, str | bool) else number(value)
        shown.append((name, text))
    return shown


def arrays(arguments: Mapping[str, Any], operator: str) -> list[Numbers]:
    """The arrays of arguments, in the order of case files."""
    kind = operators.call_type(operator)
    corners = getattr(kind, "corners", "x1, y1, x2, y2")
    shown = []
    for name in (*kind.axes, "step"):
        value = arguments.get(name)
        if isinstance(value, dict):
            axes = kind.axes.get(name, kind.axes["input"])
            values = value.get("rows", {"outer": value["outer"]} if "outer" in value else [])
            shown.append(as_text(name, values, value["shape"], axes))
        elif isinstance(value, list):
            columns = len(value[0]) if value else 5
            about = f"{len(value)} × {columns}: each row an image, {corners}"
            shown.append(as_text(name, value, (len(value), columns), "K 5")._replace(size=about))
    return shown


def as_text(name: str, values: Any, shape: Sequence[int], axes: str) -> Numbers:
    """An array of nested lists, or of products of factors."""
    names = _OF_PARTS if "T_h" in axes else _AXES
    named = ", ".join(names[axis] for axis in axes.split())
    size = f"{' × '.join(map(str, shape))}: {named}"
    if isinstance(values, dict):
        planes = values["outer"]
        text = "\n".join(f"{_factors(down)}  times  {_factors(along)}" for down, along in planes[:_MOST_BOXES])
        more = f"\nand {len(planes) - _MOST_BOXES} planes more" if len(planes) > _MOST_BOXES else ""
        about = "each plane: factors of its rows times factors of its columns, which begin again where they end\n"
        return Numbers(name, size, about + text + more, is_whole=False)
    if not isinstance(values, list):
        return Numbers(name, size, f"{number(values)} throughout", is_whole=True)
    count = math.prod(shape)
    if count > _MOST_NUMBERS:
        row = " ".join(map(number, islice(leaves(values), min(shape[-1], 12))))
        return Numbers(name, size, f"{count:,} numbers, the first of them {row}", is_whole=False)
    return Numbers(name, size, _rows(list(leaves(values)), shape), is_whole=True)


def _rows(numbers: Sequence[Any], shape: Sequence[int]) -> str:
    """Numbers in columns, a line for each row."""
    if not numbers:
        return "no numbers"
    texts = [number(value) for value in numbers]
    width, columns = max(map(len, texts)), shape[-1]
    lines = [
        " ".join(text.rjust(width) for text in texts[start : start + columns])
        for start in range(0, len(texts), columns)
    ]
    height = shape[-2] if len(shape) > 2 else len(lines)
    planes = ["\n".join(lines[start : start + height]) for start in range(0, len(lines), height)]
    return "\n\n".join(planes)


def _factors(factors: Any) -> str:
    if isinstance(factors, dict):
        return f"0 but for {' '.join(map(number, factors['values']))} from {factors['at']} on"
    shown = " ".join(map(number, factors[:12]))
    return f"({shown}{' …' if len(factors) > 12 else ''})"


def number(value: Any) -> str:
    """A number of a case file, exactly; ``–`` is a bound that is not there."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    whole = isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e16)
    return str(int(value)) if whole and not _is_minus_zero(value) else repr(float(value))


def _is_minus_zero(value: float) -> bool:
    return value == 0 and math.copysign(1.0, value) < 0
