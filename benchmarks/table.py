"""The short table at the end of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def _seconds(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"


def _kind(row: Mapping[str, Any]) -> str:
    return "cold" if any("cold" in entry["times"] for entry in row["entries"]) else "hot"


def _best_peer(row: Mapping[str, Any], ours: str, kind: str) -> str:
    """Returns the least favourable valid ratio, with a mark if it is no more than noise."""
    found = [r for r in row["ratios"] if r["ours"] == ours and r["kind"] == kind and r["valid"]]
    if not found:
        return "–"
    worst = max(found, key=lambda ratio: ratio["ratio"])
    return f"{worst['ratio']:.3f}{'' if worst['difference'] else ' ≈'} {worst['peer'].split()[0]}"


def timing_table(rows: list[dict[str, Any]]) -> Table:
    """Returns a line for each row, place and variant of ours: time, and our time ÷ that of the fastest peer."""
    table = Table(title="our time, and ÷ the fastest correct peer's in the same run", title_justify="left", box=None)
    for heading in ("row", "place", "variant", "inputs", "time", "ns/output", "of floor", "÷ peer", "A/A", "result"):
        table.add_column(heading, justify="left" if heading in ("row", "place", "variant", "÷ peer") else "right")
    for row in rows:
        kind = _kind(row)
        place = row["place"] if row["place"] == "gpu" else f"cpu, {row['threads']} thr."
        for entry in row["entries"]:
            if entry["library"] != "roikit" or kind not in entry["times"]:
                continue
            variant = f"{entry['layout']} {entry['dtype']}"
            fraction = entry.get("floor_fraction", {}).get(kind)
            wrong = entry["verdict"] != "correct"
            table.add_row(
                row["row"],
                place,
                variant,
                kind,
                _seconds(entry["times"][kind]["median"]),
                f"{entry['ns_per_output'][kind]:.3g}",
                "" if fraction is None else f"{fraction:.0%}",
                _best_peer(row, variant, kind),
                f"{row['control']['spread']:.1%}",
                "WRONG" if wrong else "correct",
                style="red" if wrong else None,
            )
    return table


def print_tables(document: Mapping[str, Any], console: Console) -> None:
    """Prints the table and a line for everything else that was done."""
    for stage in document["stages"]:
        if stage["state"] != "done":
            console.print(f"{stage['name']}: {stage['state']}, {stage['reason']}", style="yellow", markup=False)
    for probe in document.get("probes", []):
        value, predicted = probe["value"], probe["predicted"]
        console.print(f"{probe['name']}: {value:.4g} {probe['unit']} (predicted {predicted})", markup=False)
    for tool, result in document.get("sanitizer", {}).items():
        console.print(f"compute-sanitizer {tool}: {result['state']}, {result['errors']} errors", markup=False)
    for name, counts in document.get("conformance", {}).items():
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts["verdicts"].items()))
        console.print(f"{name}: {said}{'' if counts['complete'] else ' (cut off)'}", markup=False)
    console.print(timing_table(document["rows"]))
    wrong = [
        f"{row['row']} {row['place']} {entry['library']} {entry['layout']} {entry['dtype']}: {entry['reason']}"
        for row in document["rows"]
        for entry in row["entries"]
        if entry["verdict"] != "correct"
    ]
    for line in wrong:
        console.print(f"WRONG {line}", style="red", markup=False)
