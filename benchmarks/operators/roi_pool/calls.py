"""How ours is called on a level, by exact edges of bins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from roikit.kernels import roi_pool, roi_pool_backward

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_and_whole_gradients, maps_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

DIALECT = Operation.FORWARD.dialect


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Pools, by maximum or average."""
    return roi_pool(*read, *boxes, row.bins, level.scale, dialect=DIALECT, **how)


def backward(read: tuple[Any, ...], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the maps; that of a maximum reads these, and finds the greatest pixels again."""
    del row
    *maps, grad = read
    given = {"input": maps[0]} if maps else {}
    return roi_pool_backward(grad, *boxes, how["out"].shape, level.scale, dialect=DIALECT, **given, **how)


OURS = {
    Operation.FORWARD: Ours(partial(pool, mode="max"), maps_of),
    Operation.BACKWARD: Ours(partial(backward, mode="max"), maps_and_whole_gradients, maps_shape),
    Operation.AVERAGE: Ours(partial(pool, mode="avg"), maps_of),
    Operation.AVERAGE_BACKWARD: Ours(partial(backward, mode="avg"), gradients_of, maps_shape),
}
