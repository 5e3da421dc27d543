"""MW-6: weighted RoIAlign's calls of which one on a pyramid is made, one for each level that has a box, and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import feature_map
from ....operation import Operation
from ...multiscale_roi_align.oracle import assembling as of_poolers
from ...multiscale_roi_align.oracle.assembling import as_rows, places
from ..call import WEIGHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ....exact.numbers import Array
    from ...multiscale_roi_align.oracle.assembling import Part, Parts

    Arguments = Mapping[str, Any]


def has_weights_of_rois(arguments: Arguments) -> bool:
    """Whether each RoI has weights of its own."""
    return bool(arguments.get("weights_of", "images") == "rois")


def weights_of(arguments: Arguments) -> list[Array]:
    """The weights of each level, ``(N, M, H_l, W_l)``, or ``(K, M, H_l, W_l)``."""
    whole = feature_map(arguments["weights"])
    return [whole[:, :, rows, columns] for rows, columns in places(arguments)]


def parts(
    arguments: Arguments,
    levels: Sequence[int | None],
    maps: Sequence[Array] | None = None,
    scales: Sequence[tuple[float, float]] | None = None,
    weights: Sequence[Array] | None = None,
) -> Iterator[Part]:
    """The calls of weighted RoIAlign, for boxes of these levels; on other maps, scales or weights, if a fault has them."""
    weights = weights_of(arguments) if weights is None else weights
    weighing = {name: arguments[name] for name in WEIGHING if name in arguments}
    for part in of_poolers.parts(arguments, levels, maps, scales):
        of_level = weights[part.level]
        of_level = of_level[part.rois] if has_weights_of_rois(arguments) else of_level
        yield part._replace(arguments={**part.arguments, "weights": as_rows(of_level), **weighing})


def assembled(arguments: Arguments, operation: Operation, answers: Parts, zero: Any) -> Array:
    """What a call returns, of the answer to each part, an array; ``zero`` where there is nothing."""
    if operation != Operation.WEIGHT_GRADIENT:
        return of_poolers.assembled(arguments, operation, answers, zero)
    whole = np.full(shape_of(arguments, operation), zero, object)
    where = places(arguments)
    for part, found in answers:
        rows, columns = where[part.level]
        whole[part.rois if has_weights_of_rois(arguments) else slice(None), :, rows, columns] = found
    return whole


def shape_of(arguments: Arguments, operation: Operation) -> tuple[int, ...]:
    """The shape of what is returned, by a call and of each of its parts."""
    if operation == Operation.WEIGHT_GRADIENT:
        return tuple(arguments["weights"]["shape"])
    return of_poolers.shape_of(arguments, operation)
