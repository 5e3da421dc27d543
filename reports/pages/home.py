"""What was run, when and on what, and what is to be said of each implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...conformance.results.titles import titles
from ..model import in_order, operator_title
from ..tables import is_calm, like_for_like, machine_of

if TYPE_CHECKING:
    from ..files import Record
    from ..model import Site

_FORWARD = "forward"


def context(site: Site) -> dict[str, Any]:
    """What home.html is given, but for the files."""
    results = [result for i in site.implementations for each in i.conformances for result in each.results]
    return {
        "results": len(results),
        "cases": len({(result["operator"], result["case"]) for result in results}),
        "of": [operator_title(operator) for operator in site.operators],
        "titles": titles(),
        "fastest": _fastest(site.inputs.records[-1]) if site.inputs.records else [],
    }


def _fastest(record: Record) -> list[str]:
    """How our forward of each operator compares with the fastest correct peer, in words; nothing of one that was not timed."""
    rows = [row for row in record.document["rows"] if row.get("operation", _FORWARD) == _FORWARD and is_calm(row)]
    by_operator = {
        name: [row for row in rows if row["operator"] == name] for name in in_order(r["operator"] for r in rows)
    }
    found = (_compared(operator, those, machine_of(record.document)) for operator, those in by_operator.items())
    return list(filter(None, found))


def _compared(operator: str, rows: list[dict[str, Any]], machine: str) -> str:
    nearest = [max(ratios, key=lambda ratio: ratio["ratio"]) for row in rows if (ratios := like_for_like(row))]
    if not nearest:
        return ""
    most, least = (1 / choose(ratio["ratio"] for ratio in nearest) for choose in (min, max))
    beside = max(nearest, key=lambda ratio: ratio["ratio"])["peer"]
    said = f"{least:.2g} to {most:.2g} times as fast as the fastest peer with the same layout and data type"
    return (
        f"On {machine}, roikit's forward of {operator_title(operator)} is {said} (least beside {beside}), "
        f"in {len(nearest)} undisturbed workload{'s' if len(nearest) != 1 else ''}."
    )
