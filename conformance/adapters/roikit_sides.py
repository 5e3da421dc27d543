"""Calls of roikit's BorderAlign, for all adapters of its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import kernels
from ..operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ..operators.border_align.call import BorderAlignCall

_SEVERAL = 2
"""Boxes of an image, from which on they are handed over as those of images."""


def bordered(
    call: BorderAlignCall,
    arrays: Callable[[np.ndarray], Any] = lambda array: array,
    as_numpy: Callable[[Any], Any] = lambda array: array,
    out: Any = None,
) -> np.ndarray:
    """Makes the call with ``arrays`` of its arrays: of boxes of images where several come image by image, otherwise of rows."""
    if call.boxes_of_an_image < _SEVERAL:
        return call.answered(as_numpy(_answer(call, call.boxes, call.grad, arrays, out)))
    dense = call.dense()
    grad = None if call.grad is None else dense.spread(call.grad)
    found = as_numpy(_answer(call, dense.boxes, grad, arrays))
    match call.operation:
        case Operation.FORWARD:
            return dense.rows(found)
        case Operation.BOX_GRADIENT:
            return dense.of_boxes(found)
        case _:
            return call.answered(found)


def _answer(
    call: BorderAlignCall,
    boxes: np.ndarray,
    grad: np.ndarray | None,
    arrays: Callable[[np.ndarray], Any],
    out: Any = None,
) -> Any:
    how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, "check": True}
    given = arrays(call.input), arrays(boxes), call.pool_size
    if call.operation == Operation.FORWARD:
        return kernels.border_align(*given, **how, out=out)
    assert grad is not None
    backward: dict[Operation, Callable[..., Any]] = {
        Operation.FEATURE_GRADIENT: kernels.border_align_backward,
        Operation.BOX_GRADIENT: kernels.border_align_backward_boxes,
    }
    return backward[call.operation](arrays(grad), *given, **how)
