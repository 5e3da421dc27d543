"""The quick tier: few golden cases, and few calls of each, that notice every fault that all of them together notice."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from .. import operators
from .history import AFTER_FORK, AT_ONCE, SEVERAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .case import Case

FILE = "quick.json"
"""In the folder of an operator: written by `golden.quick`."""

OF_16_BITS = ("float16", "bfloat16")


@cache
def names(operator: str) -> frozenset[str]:
    """The ids of the cases of an operator that are of the quick tier."""
    file = operators.folder(operator).joinpath(FILE)
    parts = json.loads(file.read_text(encoding="utf-8"))["cases"] if file.is_file() else {}
    return frozenset(name for part in parts.values() for name in part)


def cases_of(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those of some cases that are of the quick tier."""
    return tuple(case for case in cases if case.id in names(case.operator))


def dtypes_of(offered: Sequence[str]) -> list[str]:
    """The data types in which cases are called, of those that there are: float32 and one of 16 bits, or else the first."""
    small = [dtype for dtype in OF_16_BITS if dtype in offered][:1]
    return [dtype for dtype in ("float32", *small) if dtype in offered] or list(offered[:1])


def calls_of(
    case: Case, dialects: Iterable[str], dtypes: Sequence[str], layouts: Sequence[str]
) -> list[tuple[str, str, str]]:
    """The dialects, data types and layouts in which a case is called, of those that there are.

    Of equal dialects it is the first; and the first alone in 16 bits, since no dialect decides how results are rounded, and where
    a case asks nothing that a dialect decides. In float32 the first is called in all layouts, and the others, which move no array
    otherwise, in the first. Threads and forks, which take their time, are called once.
    """
    different = [names[0] for names in names_of_each(case.operator, dialects)]
    calls = []
    for dtype in dtypes:
        able = [name for name in different if case.says(name, dtype)] if dtype in case.dtypes else []
        is_small = dtype in OF_16_BITS
        first, others = able[:1], () if is_small or is_of_no_rule(case) else able[1:]
        calls += [(name, dtype, layout) for name in first for layout in (layouts[:1] if is_small else layouts)]
        calls += [(name, dtype, layout) for name in others for layout in layouts[:1]]
    return calls[:1] if case.kind in (AT_ONCE, AFTER_FORK) else calls


def is_large(case: Case) -> bool:
    """Whether a case asks for sizes or for memory, and not for formulas."""
    return case.size != "small" or bool(case.arranged)


def is_of_no_rule(case: Case) -> bool:
    """Whether a case asks what no dialect decides."""
    return is_large(case) or case.kind in SEVERAL


def names_of_each(operator: str, offered: Iterable[str]) -> list[tuple[str, ...]]:
    """Some dialects, each with all its names among them."""
    known = operators.get(operator).dialects
    same: dict[object, list[str]] = {}
    for name in offered:
        same.setdefault(known.get(name, name), []).append(name)
    return [tuple(each) for each in same.values()]
