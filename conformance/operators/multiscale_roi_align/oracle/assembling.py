"""MS-7: RoIAlign's calls of which a pooler's is made, one for each level that has a box, and their answers put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....arrays import feature_map
from ....operation import Operation
from .levels import scale_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]
    Parts = Sequence[tuple["Part", Any]]


class Part(NamedTuple):
    """A call of RoIAlign: the level that it reads, which of the boxes it pools, and its arguments."""

    level: int
    rois: list[int]
    arguments: dict[str, Any]


def as_rows(array: Array) -> dict[str, Any]:
    """An array as case files have it."""
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def places(arguments: Arguments) -> list[tuple[slice, slice]]:
    """The rows and columns in which the map of each level lies."""
    found, first = [], 0
    for rows, columns in sizes_of(arguments):
        found.append((slice(first, first + rows), slice(0, columns)))
        first += rows
    return found


def maps_of(arguments: Arguments) -> list[Array]:
    """The map of each level, ``(N, C, H_l, W_l)``."""
    whole = feature_map(arguments["input"])
    return [whole[:, :, rows, columns] for rows, columns in places(arguments)]


def scales_of(arguments: Arguments) -> list[tuple[float, float]]:
    """The scale of each map along y and x; the axes of the first may differ in a call that nobody has to take."""
    y, x = arguments.get("spatial_scale") or [float(scale_of(arguments))] * 2
    return [(y / 2**level, x / 2**level) for level in range(len(sizes_of(arguments)))]


def parts(
    arguments: Arguments,
    levels: Sequence[int | None],
    maps: Sequence[Array] | None = None,
    scales: Sequence[tuple[float, float]] | None = None,
) -> Iterator[Part]:
    """The calls of RoIAlign, for boxes of these levels; on other maps, or by other scales, if a fault has these."""
    maps = maps_of(arguments) if maps is None else maps
    scales = scales_of(arguments) if scales is None else scales
    grad = feature_map(arguments["grad"]) if "grad" in arguments else None
    for level in sorted({level for level in levels if level is not None}):
        rois = [k for k, found in enumerate(levels) if found == level]
        given: dict[str, Any] = {
            "input": as_rows(maps[level]),
            "boxes": [arguments["boxes"][k] for k in rois],
            "output_size": arguments["output_size"],
            "spatial_scale": list(scales[level]),
            "sampling_ratio": arguments["sampling_ratio"],
            "mode": arguments["mode"],
        }
        if grad is not None:
            given["grad"] = as_rows(grad[rois])
        yield Part(level, rois, given)


def assembled(arguments: Arguments, operation: Operation, answers: Parts, zero: Any) -> Array:
    """What a pooler returns, of the answer to each part, an array; ``zero`` where there is nothing."""
    whole = np.full(shape_of(arguments, operation), zero, object)
    where = places(arguments)
    for part, found in answers:
        if operation == Operation.FEATURE_GRADIENT:
            rows, columns = where[part.level]
            whole[:, :, rows, columns] = found
        else:
            whole[part.rois] = found
    return whole


def shape_of(arguments: Arguments, operation: Operation) -> tuple[int, ...]:
    """The shape of what is returned."""
    maps, rois = arguments["input"]["shape"], len(arguments["boxes"])
    match operation:
        case Operation.FORWARD:
            return rois, maps[1], *arguments["output_size"]
        case Operation.FEATURE_GRADIENT:
            return tuple(maps)
        case Operation.BOX_GRADIENT:
            return rois, 4
        case _:
            raise ValueError(f"a pooler has no {operation}")
