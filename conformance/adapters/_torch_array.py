"""NumPy arrays as PyTorch tensors on the CPU and back, with their strides, and with bfloat16."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..implementation import NoAnswerError

if TYPE_CHECKING:
    import torch


def as_tensor(array: np.ndarray) -> torch.Tensor:
    """A tensor over the memory of ``array``, strides kept; over a copy if one is negative: PyTorch has none."""
    import torch

    if any(stride < 0 for stride in array.strides):
        array = np.ascontiguousarray(array)
    if array.dtype.name == "bfloat16":
        bits = np.dtype(np.int16).newbyteorder(array.dtype.byteorder)  # which torch refuses if it is not the machine's
        return torch.from_numpy(array.view(bits)).view(torch.bfloat16)
    return torch.from_numpy(array)


def as_array(tensor: torch.Tensor) -> np.ndarray:
    """An array of the values of ``tensor``, over its memory where that holds them.

    Raises:
        NoAnswerError: it is no tensor of numbers one after the other in the memory of the CPU.
    """
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise NoAnswerError(f"returned {type(tensor).__name__} instead of a torch.Tensor")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise NoAnswerError(f"returned a tensor that is {tensor.layout}, {tensor.dtype}, on {tensor.device}")
    if tensor.dtype is torch.bfloat16:
        import ml_dtypes

        bits: np.ndarray = tensor.view(torch.int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    array: np.ndarray = tensor.numpy()
    return array
