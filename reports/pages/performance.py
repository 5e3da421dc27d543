"""Times: of each workload ours and each peer's, on each machine, and from commit to commit, as files have them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ...conformance.results.kinds import Kind
from ..model import in_order
from ..tables import OURS, commit_of, frame_of, like_for_like, machine_of
from ..timings import Group, Machine, Timing, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ..files import Record
    from ..model import Implementation, Site


def context(site: Site) -> dict[str, Any]:
    """What performance.html is given."""
    newest = {machine_of(record.document): record for record in site.inputs.records}
    return {
        "machines": [_machine(name, record) for name, record in newest.items()],
        "histories": _histories(site.inputs.records),
        "asv": _asv(site),
        "wrong": _wrong(site),
        "records": [(r, machine_of(r.document), commit_of(r.document)) for r in reversed(site.inputs.records)],
    }


def _wrong(site: Site) -> list[tuple[Implementation, list[str]]]:
    """Those of which a time is shown and something is wrong, which must be said beside it, and the rules where."""
    timed = {entry["library"] for r in site.inputs.records for row in r.document["rows"] for entry in row["entries"]}
    found = [
        (i, [rule for rule, kind, _ in i.suspects if kind == Kind.WRONG])
        for i in site.implementations
        if i.name in timed
    ]
    return [(i, rules) for i, rules in found if rules]


def _machine(name: str, record: Record) -> Machine:
    from .performance_figures import floors, times

    document = record.document
    grouped: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
    for row in document["rows"]:
        threads = row["threads"]
        place = "GPU" if row["place"] == "gpu" else f"CPU, {threads} thread{'s' if threads != 1 else ''}"
        grouped[row["operator"], row.get("operation", "forward"), place].append(Workload(row, _timings(row)))
    order = in_order(operator for operator, _, _ in grouped)
    groups = [
        Group(*key, grouped[key], times(*key, name, grouped[key]), floors(*key, name, grouped[key]))
        for key in sorted(grouped, key=lambda key: order.index(key[0]))
    ]
    versions = {key: value for key, value in document["versions"].items() if value}
    return Machine(name, record, groups, versions)


def _timings(row: Mapping[str, Any]) -> list[Timing]:
    ratios: dict[str, dict[str, str]] = defaultdict(dict)
    for ratio in like_for_like(row):
        ratios[ratio["peer"]][ratio["kind"]] = f"{1 / ratio['ratio']:.3g}×" + ("" if ratio["difference"] else " ≈")
    return [
        Timing(
            library=entry["library"],
            layout=entry["layout"],
            dtype=entry["dtype"],
            dialect=entry.get("dialect", ""),
            verdict=entry["verdict"],
            reason=entry["reason"],
            times=entry["times"],
            ns=entry["ns_per_output"],
            floor=entry.get("floor_fraction", {}),
            faster=ratios[f"{entry['library']} {entry['layout']} {entry['dtype']}"],
        )
        for entry in row["entries"]
    ]


def _histories(records: list[Record]) -> list[str]:
    """Drawings of our time from record to record, of machines that have more than one."""
    import pandas as pd

    from .performance_figures import history

    if not records:
        return []
    frame = pd.concat([frame_of(record) for record in records])
    ours: pd.DataFrame = frame[
        (frame["library"] == OURS) & (frame["verdict"] == "correct") & frame["cache"].isin(["hot", "cold"])
    ]
    return [
        history(str(machine), part)
        for machine, part in ours.groupby("machine")
        if len(set(part["started"])) > 1
    ]  # fmt: skip


def _asv(site: Site) -> list[str]:
    """Drawings of what asv measured, of machines and benchmarks with more than one commit."""
    import pandas as pd

    from .performance_figures import commits

    if not site.inputs.asv:
        return []
    frame = pd.concat([frame_of(result) for result in site.inputs.asv]).dropna(subset=["value"])
    return [
        commits(str(machine), str(benchmark), part)
        for (machine, benchmark), part in frame.groupby(["machine", "benchmark"])
        if len(set(part["commit"])) > 1
    ]
