"""Gradients of functions of PyTorch tensors, by automatic differentiation."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from ..call import Unsupported
from ..implementation import NoAnswerError, TwoAnswersError
from ..operation import Operation
from ._torch_array import as_array, as_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import torch

    from ..call import Call


_PLACES = {
    Operation.FEATURE_GRADIENT: 0,
    Operation.BOX_GRADIENT: 1,
    Operation.WEIGHT_GRADIENT: 2,
    Operation.OFFSET_GRADIENT: 2,
}
"""Where among the tensors of a call those are that a gradient is for."""
_THIRD = ("weights", "offset")
"""What an operator may take besides maps and boxes: one of these."""
_MOST_TWICE = 2**16  # elements of a gradient that is asked for twice

_given: set[tuple[str, Operation]] = set()
"""Of which operators which gradients have arrived in this process, which has one implementation."""


def answer(call: Call, boxes: np.ndarray, pool: Callable[..., torch.Tensor]) -> np.ndarray:
    """What a call asks for, ``pool`` being the function of maps, ``boxes``, and weights or offsets if there are any.

    Raises:
        Unsupported: it is a gradient that reaches nothing, in this call or any other.
        NoAnswerError: it is one that does not arrive, though it does in other calls; or what is returned is no tensor.
        TwoAnswersError: it is one, and another when it is asked for again of the same output.
    """
    given = call.arrays()
    tensors = [as_tensor(array) for array in (given["input"], boxes, *_thirds(call))]
    if call.operation == Operation.FORWARD:
        return as_array(pool(*tensors))
    gradients = list(_gradients(call.operation, tensors, pool, as_tensor(given["grad"])))
    if not gradients:
        lacking = f"no {call.operation.replace('_', ' ')} arrives"
        if (call.operator, call.operation) in _given or _arrives_elsewhere(call, boxes, pool):
            raise NoAnswerError(f"{lacking}, as it does in other calls")
        raise Unsupported(lacking)
    _given.add((call.operator, call.operation))
    of_boxes = call.operation == Operation.BOX_GRADIENT
    first, *again = (np.ascontiguousarray(values[:, 1:]) if of_boxes else values for values in gradients)
    if any(values.tobytes() != first.tobytes() for values in again):
        raise TwoAnswersError("two backwards through one graph", first)
    return first


def _thirds(call: Call) -> list[np.ndarray]:
    """What a call has besides maps and boxes: one array, or none."""
    given = call.arrays()
    return [given[name] for name in _THIRD if name in given]


def _gradients(
    operation: Operation,
    tensors: Sequence[torch.Tensor],
    pool: Callable[..., torch.Tensor],
    arriving: torch.Tensor | None = None,
) -> Iterator[np.ndarray]:
    """The gradient of what a function pools for its maps, boxes, weights or offsets; that of ones unless another is ``arriving``.

    A small one is asked for twice, of one output, if it can be: who keeps a graph may go back through it as often as he likes.
    """
    wanted = tensors[_PLACES[operation]]
    wanted.requires_grad_()
    output = pool(*tensors)
    as_array(output)  # that is, a tensor
    if not output.requires_grad:
        return
    sent = output.new_ones(output.shape) if arriving is None else arriving
    output.backward(sent, retain_graph=True)
    if wanted.grad is None:
        return
    yield as_array(wanted.grad).copy()
    if wanted.numel() > _MOST_TWICE:
        return
    wanted.grad = None
    with suppress(RuntimeError):  # it says that it cannot
        output.backward(sent)
        if wanted.grad is not None:
            yield as_array(wanted.grad)


def _arrives_elsewhere(call: Call, boxes: np.ndarray, pool: Callable[..., torch.Tensor]) -> bool:
    """Whether a gradient arrives with the parameters of a call, but a box and a map that nobody could object to."""
    last, sides = call.layout == "NHWC", [8] * (call.arrays()["input"].ndim - 2)
    ones = [
        np.ones((1, *sides, array.shape[-1]) if last else (1, array.shape[1], *sides), array.dtype)
        for name in ("input", "weights")
        if (array := call.arrays().get(name)) is not None
    ]
    box = np.zeros((1, boxes.shape[1]), boxes.dtype)
    corner = len(sides) + 1  # two corners, or a centre and a size
    box[0, 1:corner], box[0, corner : 2 * corner - 1] = 1, 5
    ones.insert(1, box)
    if (offset := call.arrays().get("offset")) is not None:
        ones.append(np.zeros_like(offset, shape=(1, *offset.shape[1:])))
    try:
        return any(True for _ in _gradients(call.operation, [as_tensor(array) for array in ones], pool))
    except Exception:  # noqa: BLE001 - whatever a library raises, no gradient arrives
        return False
