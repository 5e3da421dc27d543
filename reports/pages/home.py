"""What was run, when and on what, and what is to be said of each implementation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import rules
from ..tables import machine_of

if TYPE_CHECKING:
    from ..files import Record
    from ..model import Site

_LEAST_NOISE = 0.1


@dataclass(frozen=True, slots=True)
class Fastest:
    """A sentence on speed, from the newest record."""

    text: str


def context(site: Site) -> dict[str, Any]:
    """Returns what home.html is given, but for the files."""
    cases = {result["case"] for i in site.implementations for result in i.results}
    return {
        "results": sum(len(i.results) for i in site.implementations),
        "cases": len(cases),
        "titles": rules(),
        "fastest": _fastest(site.inputs.records[-1]) if site.inputs.records else None,
    }


def _fastest(record: Record) -> Fastest | None:
    """Returns how our forward compares with the fastest correct peer of each workload, in the same layout and data type."""
    rows = [
        row for row in record.document["rows"]
        if row.get("operation", "forward") == "forward" and row["control"]["spread"] < _LEAST_NOISE
    ]  # fmt: skip
    worst = []
    for row in rows:
        ratios = [r for r in row["ratios"] if r["valid"] and r["ours"] == " ".join(r["peer"].split()[-2:])]
        if ratios:
            nearest = max(ratios, key=lambda ratio: ratio["ratio"])
            worst.append((1 / nearest["ratio"], row["row"], nearest["peer"]))
    if not worst:
        return None
    (low, _, low_peer), (high, _, _) = min(worst), max(worst)
    machine = machine_of(record.document)
    said = f"{low:.2g} to {high:.2g} times as fast as the fastest peer with the same layout and data type"
    return Fastest(
        f"On {machine}, roikit's forward is {said} (least beside {low_peer}), in {len(worst)} undisturbed workloads."
    )
