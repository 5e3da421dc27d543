"""The article's example, step by step, with what kernels returned for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...conformance import operators
from ...conformance.errors import FileError, UsageError
from ...conformance.explaining.request import Request, beside, explained, read_bin, read_call, read_dialects
from ...conformance.explanation import decimal
from ..model import operator_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...conformance.explanation import Explanation, Pair, Walk
    from ..files import Walkthrough
    from ..model import Site

_RAMP = "ramp"
_MOST = 1024  # bins, or samples in one, of which a page still shows each


def context(site: Site) -> dict[str, Any]:
    """What example.html is given: of the newest file first, those of operators that explain themselves."""
    files = [file for file in reversed(site.inputs.walkthroughs) if _is_explained(file.document["operator"])]
    return {"walkthroughs": [_walkthrough(file) for file in files]}


def _is_explained(operator: str) -> bool:
    return operator in operators.NAMES and operators.get(operator).explanation is not None


def _asked(file: Walkthrough) -> tuple[Request, Walk, Pair]:
    """What was asked: the options, the call and the bin.

    Raises:
        FileError: nobody can have asked that, or a page could not show it.
    """
    request = Request(**file.document["request"], operator=file.document["operator"])
    if request.map != _RAMP:
        raise FileError(
            "a page shows the ramp alone, and reads no other file", file.path, field="walkthrough.request.map"
        )
    try:
        read_dialects(request)
        call = read_call(request)
        at = read_bin(request, call)
    except UsageError as error:
        raise FileError(str(error), file.path, field="walkthrough.request") from None
    if math.prod(call.output_size) > _MOST:
        raise FileError(f"has more than {_MOST} bins", file.path, field="walkthrough.request.output_size")
    rows, columns = call.output_size
    for n, output in enumerate(file.document["outputs"]):
        if [len(row) for row in output["output"]] != [columns] * rows:
            raise FileError(
                f"is not {rows} × {columns}, as asked for", file.path, field=f"walkthrough.outputs[{n}].output"
            )
    return request, call, at


def _walkthrough(file: Walkthrough) -> dict[str, Any]:
    from .example_figures import drawn

    document = file.document
    request, call, at = _asked(file)
    exact, windows = explained(call, request.dialect, document["operator"]), beside(call)[0]
    if exact.y.grid * exact.x.grid > _MOST:
        raise FileError(f"has more than {_MOST} samples in a bin", file.path, field="walkthrough.request")
    outputs = [_output(output, exact) for output in document["outputs"]]
    return {
        "operator": operator_title(document["operator"]),
        "beside": windows.title,
        "rules": exact.steps,
        "roi": ", ".join(map(decimal, call.box)),
        "map": " × ".join(map(str, call.feature.shape)),
        "dialect": request.dialect,
        "bin": at,
        "axes": [_axis(axis_name, axis, b) for axis_name, axis, b in (("y", exact.y, at[0]), ("x", exact.x, at[1]))],
        "samples": [_sample(point) for point in exact.points(*at)],
        "weights": [(place, decimal(weight)) for place, weight in exact.taps(*at).items()],
        "value": decimal(exact.values[at]),
        "values": [[decimal(exact.values[p, q]) for q in range(exact.x.bins)] for p in range(exact.y.bins)],
        "whole": [[decimal(windows.values[p, q]) for q in range(exact.x.bins)] for p in range(exact.y.bins)],
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
    """What an implementation returned, and how far that is from the exact numbers."""
    numbers = output["output"]
    difference = max(
        abs(float(exact.values[p, q]) - float(number)) for p, row in enumerate(numbers) for q, number in enumerate(row)
    )
    return {**output, "difference": difference}
