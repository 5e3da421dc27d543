"""How ours is called on a level, by exact edges of bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import ps_roi_pool, ps_roi_pool_backward

from ...measuring.ours import Ours, maps_shape
from ...workloads import gradients_of, maps_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

DIALECT = Operation.FORWARD.dialect


def pool(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Pools."""
    return ps_roi_pool(*read, *boxes, row.bins, level.scale, dialect=DIALECT, **how)


def backward(read: tuple[Any], boxes: tuple[Any], level: Level, row: Row, **how: Any) -> Any:
    """Works out the gradient for the maps."""
    del row
    return ps_roi_pool_backward(*read, *boxes, how["out"].shape, level.scale, dialect=DIALECT, **how)


OURS = {Operation.FORWARD: Ours(pool, maps_of), Operation.BACKWARD: Ours(backward, gradients_of, maps_shape)}
