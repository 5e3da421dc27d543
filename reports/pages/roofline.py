"""What kernels ask of a GPU and how fast that should make them: counted and predicted without one, and how far off that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import in_order, operator_title
from ..tables import machine_of
from .roofline_point import Point

if TYPE_CHECKING:
    from ..files import Profiles, Record
    from ..model import Site
    from .roofline_point import Key


@dataclass(frozen=True, slots=True)
class Group:
    """The profiles of an operation."""

    title: str
    points: list[Point]
    figure: str


def context(site: Site) -> dict[str, Any]:
    """What roofline.html is given: of each kernel the newest profile."""
    newest: dict[Key, tuple[dict[str, Any], Profiles]] = {}
    for file in site.inputs.profiles:
        for profile in file.document["profiles"]:
            if profile["predicted_seconds"]:
                newest[_key(profile)] = profile, file
    measured, machines = _measured(site.inputs.records)
    return {
        "groups": _groups(newest, measured),
        "machines": machines,
        "files": list({file.path: file for _, file in newest.values()}.values()),
    }


def _key(profile: dict[str, Any]) -> Key:
    names = ("operator", "operation", "row", "library", "layout", "dtype")
    operator, operation, row, library, layout, dtype = (profile[name] for name in names)
    return operator, operation, row, library, layout, dtype


def _measured(records: list[Record]) -> tuple[dict[Key, float], list[str]]:
    """Median seconds on a GPU, of results that were right, the newest record's; and what GPUs those were."""
    found: dict[Key, float] = {}
    machines: dict[str, None] = {}
    for record in records:
        for row in record.document["rows"]:
            for entry in row["entries"] if row["place"] == "gpu" else ():
                times = entry["times"].get("cold") or entry["times"].get("hot")
                if entry["verdict"] == "correct" and times:
                    where = (row["operator"], row.get("operation", "forward"), row["row"])
                    found[(*where, entry["library"], entry["layout"], entry["dtype"])] = times["median"]
                    machines[machine_of(record.document)] = None
    return found, list(machines)


def _groups(newest: dict[Key, tuple[dict[str, Any], Profiles]], measured: dict[Key, float]) -> list[Group]:
    from .roofline_figure import draw

    by_operation: dict[tuple[str, str], list[Point]] = {}
    devices: dict[tuple[str, str], dict[str, Any]] = {}
    for key, (profile, file) in newest.items():
        point = Point(
            key, profile["values"], profile["figures"], profile["predicted_seconds"], profile["limited_by"],
            measured.get(key),
        )  # fmt: skip
        by_operation.setdefault(key[:2], []).append(point)
        devices[key[:2]] = file.document["device"]
    order = in_order(operator for operator, _ in by_operation)
    return [
        Group(
            title := f"{operator_title(key[0])} {key[1]}",
            by_operation[key],
            draw(title, by_operation[key], devices[key]),
        )
        for key in sorted(by_operation, key=lambda key: order.index(key[0]))
    ]
