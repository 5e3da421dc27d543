"""Implementations × rules. The script of the page counts anew what the reader filters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...conformance.results.kinds import Kind
from ..model import for_script, rules

if TYPE_CHECKING:
    from ..model import Site

_KINDS = list(Kind)


def context(site: Site) -> dict[str, Any]:
    """Returns what matrix.html is given."""
    shown = [rule for rule in rules() if any(rule in i.by_rule for i in site.implementations)]
    counts: Counter[tuple[int, str, str, str, int, int]] = Counter()
    for n, implementation in enumerate(site.implementations):
        for result in implementation.results:
            kind = _KINDS.index(Kind(result["kind"]))
            for rule in result["rules"]:
                key = (n, result["dialect"], result["operation"], result["dtype"], shown.index(rule), kind)
                counts[key] += 1
    names = [sorted({key[place] for key in counts}, key=str) for place in (1, 2, 3)]
    cells = [
        [n, names[0].index(dialect), names[1].index(operation), names[2].index(dtype), rule, kind, count]
        for (n, dialect, operation, dtype, rule, kind), count in sorted(counts.items())
    ]
    return {
        "rules": {rule: rules()[rule] for rule in shown},
        "operations": names[1],
        "dtypes": names[2],
        "data": for_script(
            {
                "implementations": [{"name": i.name, "slug": i.slug} for i in site.implementations],
                "dialects": names[0],
                "operations": names[1],
                "dtypes": names[2],
                "rules": shown,
                "cells": cells,
            }
        ),
    }
