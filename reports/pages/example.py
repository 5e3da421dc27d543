"""The article's example, step by step, with what kernels returned for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...conformance import operators
from ...conformance.errors import FileError, UsageError
from ...conformance.explaining.request import Request, beside, explained, read_bin, read_call, read_dialects, settled
from ...conformance.explanation import Account, decimal, layers, pair, place
from ..model import operator_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...conformance.exact.numbers import Exact
    from ...conformance.explanation import Bin, Explanation, Pair, Walk
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


def _asked(file: Walkthrough) -> tuple[Request, Walk, Bin]:
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
        request = settled(request)
        read_dialects(request)
        call = read_call(request)
        at = read_bin(request, call)
    except UsageError as error:
        raise FileError(str(error), file.path, field="walkthrough.request") from None
    if math.prod(call.output_size) > _MOST:
        raise FileError(f"has more than {_MOST} bins", file.path, field="walkthrough.request.output_size")
    return request, call, at


def _walkthrough(file: Walkthrough) -> dict[str, Any]:
    from .example_figures import drawn

    document = file.document
    request, call, at = _asked(file)
    try:
        exact = explained(call, request.dialect, document["operator"])
    except UsageError as error:
        raise FileError(str(error), file.path, field="walkthrough.request") from None
    _check_outputs(file, exact)
    shared = {
        "operator": operator_title(document["operator"]),
        "roi": ", ".join(map(decimal, call.box)),
        "map": " × ".join(map(str, call.feature.shape)),
        "dialect": request.dialect,
        "outputs": [_output(output, exact) for output in document["outputs"]],
    }
    if isinstance(exact, Account):
        if len(exact.marks(at)) > _MOST:
            raise FileError(f"has more than {_MOST} {exact.points}", file.path, field="walkthrough.request")
        return {**shared, **_anywhere(exact, at)}
    if exact.y.grid * exact.x.grid > _MOST:
        raise FileError(f"has more than {_MOST} samples in a bin", file.path, field="walkthrough.request")
    windows, (p, q) = beside(call)[0], pair(at)
    return {
        **shared,
        "beside": windows.title,
        "rules": exact.steps,
        "bin": at,
        "axes": [_axis(axis_name, axis, b) for axis_name, axis, b in (("y", exact.y, p), ("x", exact.x, q))],
        "samples": [_sample(point) for point in exact.points(p, q)],
        "weights": [(pixel, decimal(weight)) for pixel, weight in exact.taps(p, q).items()],
        "value": decimal(exact.values[p, q]),
        "values": [
            [decimal(exact.values[row, column]) for column in range(exact.x.bins)] for row in range(exact.y.bins)
        ],
        "whole": [
            [decimal(windows.values[row, column]) for column in range(exact.x.bins)] for row in range(exact.y.bins)
        ],
        "rounded": f"rows {windows.y.start} … {windows.y.end}, columns {windows.x.start} … {windows.x.end}",
        "figures": drawn(exact, windows, (p, q), document["outputs"]),
    }


def _anywhere(exact: Account, at: Bin) -> dict[str, Any]:
    """What is shown of an operator whose bins may lie anywhere."""
    from .example_figures import drawn_anywhere

    return {
        "steps": exact.steps(at),
        "bin": exact.called(at),
        "unit": exact.unit,
        "points": exact.points,
        "point_rules": exact.point_rules,
        "marks": [_mark(mark) for mark in exact.marks(at)],
        "rule": exact.rule,
        "value": decimal(exact.values[at]),
        "tables": [(name.removeprefix(", "), _rows(cells)) for name, cells in layers(exact.values, "p").items()],
        "figures": drawn_anywhere(exact, at),
    }


def _rows(cells: Mapping[Pair, Exact]) -> list[list[str]]:
    rows: dict[int, list[str]] = {}
    for (row, _), value in cells.items():
        rows.setdefault(row, []).append(decimal(value))
    return [*rows.values()]


def _mark(mark: Any) -> dict[str, Any]:
    moved = "" if mark.moved == mark.at else f" moved to {place(*mark.moved)}"
    pixels = [(f"F[{', '.join(map(str, pixel))}]", decimal(weight)) for pixel, weight in mark.corners if weight]
    return {"at": f"{place(*mark.at)}{moved}", "corners": pixels, "value": decimal(mark.value)}


def _check_outputs(file: Walkthrough, exact: Explanation) -> None:
    """Refuses an output that is not of the shape that was asked for."""
    shape = tuple(max(numbers) + 1 for numbers in zip(*exact.values, strict=True))
    due = shape if len(shape) > 1 else (1, *shape)
    for n, output in enumerate(file.document["outputs"]):
        if not _is_of(output["output"], due):
            asked = " × ".join(map(str, due))
            raise FileError(f"is not {asked}, as asked for", file.path, field=f"walkthrough.outputs[{n}].output")


def _is_of(nested: Any, shape: tuple[int, ...]) -> bool:
    """Whether nested lists are of a shape."""
    if not shape:
        return not isinstance(nested, list)
    return isinstance(nested, list) and len(nested) == shape[0] and all(_is_of(each, shape[1:]) for each in nested)


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
    numbers = np.array(output["output"], float).ravel()
    due = [float(value) for value in exact.values.values()]
    return {**output, "difference": max(abs(number - exactly) for number, exactly in zip(numbers, due, strict=True))}
