"""Gradients of functions of PyTorch tensors, by automatic differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..call import Operation, Unsupported
from ..implementation import NoAnswerError
from ._torch_array import as_array, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ..call import Call


_given: set[tuple[str, Operation]] = set()
"""Of which operators which gradients have arrived in this process, which has one implementation."""


def answer(call: Call, boxes: np.ndarray, pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> np.ndarray:
    """What a call asks for, ``pool`` being the function of maps and of ``boxes`` that pools.

    Raises:
        Unsupported: it is a gradient that reaches nothing, in this call or any other.
        NoAnswerError: it is one that does not arrive, though it does in other calls; or what is returned is no tensor.
    """
    given = call.arrays()
    maps, rois = as_tensor(given["input"]), as_tensor(boxes)
    if call.operation == Operation.FORWARD:
        return as_array(pool(maps, rois))
    gradient = _gradient(call.operation, maps, rois, pool, as_tensor(given["grad"]))
    if gradient is None:
        lacking = f"no {call.operation.replace('_', ' ')} arrives"
        if (call.operator, call.operation) in _given or _arrives_elsewhere(call, boxes, pool):
            raise NoAnswerError(f"{lacking}, as it does in other calls")
        raise Unsupported(lacking)
    _given.add((call.operator, call.operation))
    values = as_array(gradient)
    return values if call.operation == Operation.FEATURE_GRADIENT else np.ascontiguousarray(values[:, 1:])


def _gradient(
    operation: Operation,
    maps: torch.Tensor,
    boxes: torch.Tensor,
    pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    arriving: torch.Tensor | None = None,
) -> torch.Tensor | None:
    """The gradient of what a function pools for its maps or its boxes; that of ones unless another is ``arriving``."""
    wanted = maps if operation == Operation.FEATURE_GRADIENT else boxes
    wanted.requires_grad_()
    output = pool(maps, boxes)
    as_array(output)  # that is, a tensor
    if output.requires_grad:
        output.backward(output.new_ones(output.shape) if arriving is None else arriving)
    return wanted.grad


def _arrives_elsewhere(
    call: Call, boxes: np.ndarray, pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> bool:
    """Whether a gradient arrives with the parameters of a call, but a box and a map that nobody could object to."""
    maps = call.arrays()["input"]
    shape = (1, 8, 8, maps.shape[3]) if call.layout == "NHWC" else (1, maps.shape[1], 8, 8)
    box = np.array([[0, 1, 1, 5, 5]], boxes.dtype)
    try:
        return _gradient(call.operation, as_tensor(np.ones(shape, maps.dtype)), as_tensor(box), pool) is not None
    except Exception:  # noqa: BLE001 - whatever a library raises, no gradient arrives
        return False
