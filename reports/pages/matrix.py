"""Implementations × rules, operator by operator. The script of the page counts anew what the reader filters."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from ...conformance.operator import rule_number
from ...conformance.results.kinds import Kind
from ...conformance.results.titles import titles
from ..model import for_script, operator_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model import Site

_KINDS = list(Kind)
_FILTERED = ("dialect", "operation", "dtype")
"""What of a result the reader can filter by, within an operator."""


def context(site: Site) -> dict[str, Any]:
    """What matrix.html is given."""
    names = {field: _names(site, field) for field in _FILTERED}
    matrices = [_matrix(site, operator, names) for operator in site.operators]
    return {
        "matrices": matrices,
        "operations": names["operation"],
        "dtypes": names["dtype"],
        "shade": shade,
        "data": for_script(
            {
                "implementations": [{"name": i.name, "slug": i.slug} for i in site.implementations],
                **{f"{field}s": those for field, those in names.items()},
                "matrices": [
                    {"operator": each["operator"], "rules": list(each["rules"]), "cells": each["cells"]}
                    for each in matrices
                ],
            }
        ),
    }


def shade(count: int, total: int) -> int:
    """How strong the colour of a cell is, in percent: the same as that of the script of the page; few are seen, too."""
    return round(15 + 85 * math.sqrt(count / total))


def _names(site: Site, field: str) -> list[str]:
    """The values of a field of results."""
    judged = (each for i in site.implementations for each in i.conformances)
    return sorted({result[field] for each in judged for result in each.results})


def _matrix(site: Site, operator: str, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The matrix of an operator: its rules, rows, and ``cells`` for the script.

    A cell is [implementation, dialect, operation, data type, rule, kind, number of results], all but the last as indices.
    """
    rows = [(n, i, i.judged[operator]) for n, i in enumerate(site.implementations) if operator in i.judged]
    counted = [one for _, _, each in rows for one in each.counted]
    rules = sorted({rule for result, under in counted for rule in (*result["rules"], *under)}, key=rule_number)
    at = {field: {name: n for n, name in enumerate(those)} for field, those in names.items()}
    counts: Counter[tuple[int, ...]] = Counter()
    for n, _, each in rows:
        for result, under in each.counted:
            kind = _KINDS.index(Kind(result["kind"]))
            filtered = [at[field][result[field]] for field in _FILTERED]
            counts.update((n, *filtered, rules.index(rule), kind) for rule in under)
    return {
        "operator": operator,
        "title": operator_title(operator),
        "rules": {rule: titles().get(rule, "") for rule in rules},
        "rows": [(i, each) for _, i, each in rows],
        "cells": [[*cell, count] for cell, count in sorted(counts.items())],
    }
