"""Gradients of functions of PyTorch tensors, by automatic differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..call import Operation, Unsupported
from ._torch_array import as_array, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ..call import Call


def answer(call: Call, boxes: np.ndarray, pool: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> np.ndarray:
    """What a call asks for, ``pool`` being the function of maps and of ``boxes`` that pools.

    Raises:
        Unsupported: no gradient reaches what it is asked for.
    """
    given = call.arrays()
    maps, rois = as_tensor(given["input"]), as_tensor(boxes)
    if call.operation == Operation.FORWARD:
        return as_array(pool(maps, rois))
    wanted = maps if call.operation == Operation.FEATURE_GRADIENT else rois
    wanted.requires_grad_()
    output = pool(maps, rois)
    if not output.requires_grad:
        raise Unsupported(f"the output has no {call.operation.replace('_', ' ')}")
    output.backward(as_tensor(given["grad"]))
    if wanted.grad is None:
        raise Unsupported(f"no {call.operation.replace('_', ' ')} arrives")
    gradient = as_array(wanted.grad)
    return gradient if wanted is maps else np.ascontiguousarray(gradient[:, 1:])
