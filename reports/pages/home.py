"""What was run, when and on what, and what is to be said of each implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import rules
from ..tables import is_calm, like_for_like, machine_of

if TYPE_CHECKING:
    from ..files import Record
    from ..model import Site


def context(site: Site) -> dict[str, Any]:
    """Returns what home.html is given, but for the files."""
    cases = {result["case"] for i in site.implementations for result in i.results}
    return {
        "results": sum(len(i.results) for i in site.implementations),
        "cases": len(cases),
        "titles": rules(),
        "fastest": _fastest(site.inputs.records[-1]) if site.inputs.records else "",
    }


def _fastest(record: Record) -> str:
    """Returns in words how our forward compares with the fastest correct peer of each workload; nothing if it was not timed."""
    rows = [row for row in record.document["rows"] if row.get("operation", "forward") == "forward" and is_calm(row)]
    nearest = [max(ratios, key=lambda ratio: ratio["ratio"]) for row in rows if (ratios := like_for_like(row))]
    if not nearest:
        return ""
    most, least = (1 / choose(ratio["ratio"] for ratio in nearest) for choose in (min, max))
    beside = max(nearest, key=lambda ratio: ratio["ratio"])["peer"]
    said = f"{least:.2g} to {most:.2g} times as fast as the fastest peer with the same layout and data type"
    machine = machine_of(record.document)
    return f"On {machine}, roikit's forward is {said} (least beside {beside}), in {len(nearest)} undisturbed workloads."
