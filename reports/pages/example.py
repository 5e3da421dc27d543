"""The article's example, step by step, with what kernels returned for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...conformance.explaining.request import Request, read_bin, read_call, read_dialects
from ...conformance.explaining.show import beside, explained
from ...conformance.explanation import decimal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...conformance.explanation import Explanation
    from ..model import Site


def context(site: Site) -> dict[str, Any]:
    """Returns what example.html is given."""
    return {"walkthroughs": [_walkthrough(file.document) for file in reversed(site.inputs.walkthroughs)]}


def _walkthrough(document: Mapping[str, Any]) -> dict[str, Any]:
    from .example_figures import drawn

    request = Request(**document["request"])
    call = read_call(request)
    at = read_bin(request, call)
    name = read_dialects(request)[0]
    exact, windows = explained(call, name), beside(call)[0]
    outputs = [_output(output, exact) for output in document["outputs"]]
    return {
        "roi": ", ".join(map(decimal, call.box)),
        "map": " × ".join(map(str, call.feature.shape)),
        "dialect": name,
        "bin": at,
        "axes": [_axis(axis_name, axis, b) for axis_name, axis, b in (("y", exact.y, at[0]), ("x", exact.x, at[1]))],
        "samples": [_sample(point) for point in exact.points(*at)],
        "weights": [(place, decimal(weight)) for place, weight in exact.taps(*at).items()],
        "value": decimal(exact.values[at]),
        "values": [[decimal(exact.values[p, q]) for q in range(exact.x.bins)] for p in range(exact.y.bins)],
        "pooled": [[decimal(windows.values[p, q]) for q in range(exact.x.bins)] for p in range(exact.y.bins)],
        "rounded": f"rows {windows.y.start} … {windows.y.end}, columns {windows.x.start} … {windows.x.end}",
        "outputs": outputs,
        "figures": drawn(exact, windows, at, document["outputs"]),
    }


def _axis(name: str, axis: Any, b: int) -> dict[str, str]:
    return {
        "name": name,
        "corners": f"{decimal(axis.start)} … {decimal(axis.end)}",
        "extent": decimal(axis.extent),
        "bin": decimal(axis.bin),
        "bounds": f"{decimal(axis.start + b * axis.bin)} … {decimal(axis.start + (b + 1) * axis.bin)}",
        "grid": str(axis.grid),
    }


def _sample(point: Any) -> dict[str, Any]:
    return {
        "at": f"({decimal(point.x.position)}, {decimal(point.y.position)})",
        "corners": [(f"F[{y}, {x}]", decimal(weight)) for (y, x), weight in point.corners],
        "value": decimal(point.value),
    }


def _output(output: Mapping[str, Any], exact: Explanation) -> dict[str, Any]:
    """Returns what an implementation returned, and whether that is the nearest number to the exact one."""
    numbers = output["output"]
    difference = max(
        abs(float(exact.values[p, q]) - float(number)) for p, row in enumerate(numbers) for q, number in enumerate(row)
    )
    return {**output, "difference": difference}
