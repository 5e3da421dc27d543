"""The short table at the end of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from ..operators import OPERATORS, UNNAMED, operator_called
from .document import is_calm, operation_of, operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from roikit.conformance.terminal import Console

_VARIANTS = ("NCHW float32", "NHWC float32", "NCHW float16", "NHWC float16")
_KINDS = ("cold", "hot")


def _seconds(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"


def _entry(row: Mapping[str, Any], variant: str) -> Mapping[str, Any] | None:
    ours = (entry for entry in row["entries"] if entry["library"] == "roikit")
    return next((entry for entry in ours if f"{entry['layout']} {entry['dtype']}" == variant), None)


def _time(row: Mapping[str, Any], variant: str, kind: str) -> str:
    """The time, its share of the floor, and a cross if the result is wrong."""
    entry = _entry(row, variant)
    if entry is None or kind not in entry["times"]:
        return ""
    share = entry.get("floor_fraction", {}).get(kind)
    text = _seconds(entry["times"][kind]["median"]) + ("" if share is None else f" {share:.0%}")
    return text if entry["verdict"] == "correct" else f"[red]{text} WRONG[/red]"


def _worst_ratio(row: Mapping[str, Any], variant: str, kind: str) -> str:
    """Our time ÷ that of the fastest peer with a correct result in this data type; ``≈`` if that is noise."""
    dtype = variant.split()[1]
    found = [
        ratio
        for ratio in row["ratios"]
        if ratio["ours"] == variant and ratio["kind"] == kind and ratio["valid"] and ratio["peer"].endswith(dtype)
    ]
    if not found:
        return "–"
    worst = max(found, key=lambda ratio: ratio["ratio"])
    return f"{worst['ratio']:.3f}{'' if worst['difference'] else ' ≈'} {' '.join(worst['peer'].split()[:2])}"


def _kinds(row: Mapping[str, Any]) -> Iterator[str]:
    return (kind for kind in _KINDS if any(kind in entry["times"] for entry in row["entries"]))


def timing_table(what: str, rows: list[dict[str, Any]]) -> Table:
    """A line for each row of what was timed, for each place and kind of inputs."""
    title = f"{what}: our time, % of floor; our time ÷ the fastest correct peer's in the same run; ≈ noise, ! disturbed"
    table = Table(title=title, box=None)
    for heading in ("row", "place", *_VARIANTS, "NCHW f32 ÷", "NHWC f32 ÷", "A/A"):
        table.add_column(heading.replace("float", "f"), justify="right" if heading == "A/A" else "left")
    for row in rows:
        for kind in _kinds(row):
            times = (_time(row, variant, kind) for variant in _VARIANTS)
            worst = (_worst_ratio(row, variant, kind) for variant in _VARIANTS[:2])
            table.add_row(
                row["row"],
                _place(row, kind),
                *times,
                *worst,
                f"{row['control']['spread']:.1%}{'' if is_calm(row) else ' !'}",
            )
    return table


def _findings(document: Mapping[str, Any]) -> Iterator[str]:
    for probe in document.get("probes", []):
        yield f"{probe['name']}: {probe['value']:.4g} {probe['unit']} (predicted {probe['predicted']})"
    for item in document.get("counters", []):
        found = ", ".join(f"{name} {value:.4g}" for name, value in item["counters"].items() if "__" not in name)
        yield f"ncu {_label(item)}{item['row']} {item['library']} {item['layout']} {item['dtype']}: {found}"
    for tool, result in document.get("sanitizer", {}).items():
        yield f"compute-sanitizer {tool}: {result['state']}, {result['errors']} errors"
    for name, counts in document.get("conformance", {}).items():
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts["verdicts"].items()))
        yield f"golden cases, {name}: {said}{'' if counts['complete'] else ' (cut off)'}"


def _static(document: Mapping[str, Any]) -> Iterator[str]:
    """What the machine code for sm_90 says of each specialisation."""
    for item in document.get("compiled", []):
        assembled = operator_called(operator_of(item)).assembled
        if item["architecture"] == "sm_90" and "instructions" in item and assembled is not None:
            yield f"static facts, sm_90 {_label(item)}{item['specialisation']}: {assembled.summary(item)}"


def _failings(document: Mapping[str, Any]) -> Iterator[str]:
    for stage in document["stages"]:
        if stage["state"] != "done":
            yield f"{stage['state']}: {stage['name']}: {stage['reason'].splitlines()[0] if stage['reason'] else ''}"
    for row in document["rows"]:
        for name, reason in row["absent"].items():
            yield f"absent: {row['place']}: {_operation(row)}{name}: {reason}"
        for entry in row["entries"]:
            if entry["verdict"] != "correct":
                what = f"{entry['library']} {entry['layout']} {entry['dtype']}"
                yield f"WRONG: {row['row']} {_operation(row)}{_place(row)} {what}: {entry['reason']}"


def _label(item: Mapping[str, Any]) -> str:
    """The operator and a space; nothing for the one that records need not name."""
    operator = operator_of(item)
    return "" if operator == UNNAMED else f"{operator} "


def _operation(row: Mapping[str, Any]) -> str:
    """Operator and operation, each with a space; nothing for what records need not name."""
    operation = operation_of(row)
    return _label(row) + ("" if operation == "forward" else f"{operation} ")


def _place(row: Mapping[str, Any], kind: str = "") -> str:
    return f"gpu {kind}".strip() if row["place"] == "gpu" else f"cpu {row['threads']} thr."


def print_tables(document: Mapping[str, Any], console: Console) -> None:
    """Prints what was found and what was not done, and a table for each operation last."""
    for line in dict.fromkeys((*_findings(document), *_static(document), *_failings(document))):
        console.print(line, markup=False, highlight=False, style="red" if line.startswith("WRONG") else None)
    for name in OPERATORS:
        for operation in operator_called(name).operations:
            rows = [row for row in document["rows"] if (operator_of(row), operation_of(row)) == (name, operation)]
            if rows:
                console.print(timing_table(f"{_label(rows[0])}{operation}", rows))
