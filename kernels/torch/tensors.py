"""What tensors and boxes of an operator must be, checked; what is right in them, kernels check."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import TYPE_CHECKING, Any

import torch
from torch._C import _functorch as functorch
from torch.masked import MaskedTensor
from torch.nn.functional import pad
from torch.nn.parameter import UninitializedTensorMixin

from ..kernels.calls import arguments
from . import tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NARROW = (torch.float16, torch.bfloat16)
_DEVICES = ("cpu", "cuda", "meta")
ARRIVING = "grad"
"""What messages call the gradient that arrives at an output."""


def scale_pair(name: str, value: Any) -> list[float]:
    """A scale, one number for both axes or a pair, as numbers along y and x; tensors of one number count as such."""
    scales = [each.item() if _is_number(each) else each for each in arguments.pair(name, value)]
    if not all(isinstance(scale, Real) and not isinstance(scale, bool) for scale in scales):
        raise TypeError(f"{name} must be a number or a (height, width) pair, not {value!r}")
    return [float(scale) for scale in scales]


def _is_number(value: Any) -> bool:
    """Whether it is a tensor without dimensions, as torchvision takes for a scale."""
    return isinstance(value, torch.Tensor) and value.ndim == 0


def unusual(module: torch.nn.Module, options: Mapping[str, Any]) -> str:
    """The options of a module that are not what its constructor makes them if nothing is said, as its repr shows them."""
    usual = inspect.signature(type(module)).parameters
    return "".join(f", {name}={value!r}" for name, value in options.items() if value != usual[name].default)


def pooled(
    named: Mapping[str, torch.Tensor],
    boxes: Any,
    output_size: Any,
    layout: str,
    pool: Callable[[Sequence[torch.Tensor], torch.Tensor, tuple[int, int], str], torch.Tensor],
    *,
    has_node: bool = False,
    numbers: Sequence[str] = arguments.CORNERS,
) -> torch.Tensor:
    """What ``pool`` makes of checked maps, rows of boxes, an output size and a layout; maps are given by the names of messages.

    Under autocast maps are of one data type; channels that are last in memory stay there. Unless ``pool`` ``has_node`` for ONNX,
    an export to that is refused. ``numbers`` are those that a row of boxes has after its batch index.
    """
    if not has_node and tracing.is_exporting():
        tracing.refuse("it has no operator that does this")
    maps = list(named.values())
    for name, tensor in named.items():
        _check(name, tensor, maps[0], next(iter(named)))
    rows = _rows(boxes, maps[0], numbers)
    dtype, device = maps[0].dtype, maps[0].device
    if device.type != "meta" and torch.is_autocast_enabled(device.type):
        rows = rows.float() if rows.dtype in _NARROW else rows
        if any(tensor.dtype != dtype for tensor in maps):
            maps = [tensor.float() for tensor in maps]
    size = arguments.output_size_pair(output_size)
    if layout == "NCHW" and _are_channels_last(maps):
        last = [tensor.permute(0, 2, 3, 1) for tensor in maps]
        return pool(last, rows, size, "NHWC").permute(0, 3, 1, 2).to(dtype)
    return pool(maps, rows, size, layout).to(dtype)


def check_beside(name: str, tensor: Any, maps: torch.Tensor) -> None:
    """Checks that what goes with ``maps`` is a tensor of four dimensions where they are."""
    _check(name, tensor, maps, "input")


def check_plain(name: str, tensor: torch.Tensor) -> None:
    """Checks that a tensor holds its numbers one after the other in memory of its own: that it is dense, and no wrapper.

    Raises:
        TypeError: it is sparse, nested, masked or quantised, and the message says how to make a plain one; or a parameter of
            which nothing is known yet.
        NotImplementedError: it is inside a transform of ``torch.func``.
    """
    if isinstance(tensor, UninitializedTensorMixin):
        raise TypeError(f"{name} is a parameter that is not initialised yet: it has no shape")
    if tensor.is_nested:
        raise TypeError(f"{name} is a nested tensor, but must be a plain one: torch.nested.to_padded_tensor makes one")
    if tensor.layout is not torch.strided:
        raise TypeError(f"{name} has layout {tensor.layout}, but must be dense: {name}.to_dense() is a dense copy")
    if tensor.is_quantized:
        raise TypeError(
            f"{name} is quantised ({tensor.dtype}), but must hold floating-point numbers: {name}.dequantize() is such a copy"
        )
    if isinstance(tensor, MaskedTensor):
        raise TypeError(
            f"{name} is a masked tensor, and its mask would be ignored; fill it first: {name}.to_tensor(value)"
        )
    if _is_transformed(tensor):
        raise NotImplementedError(
            f"{name} is inside a transform of torch.func (vmap, grad, jvp …), which roikit.torch does not support; "
            "torch.autograd and a loop over the batch do the same"
        )


def _is_transformed(tensor: torch.Tensor) -> bool:
    """Whether a tensor stands for another one inside a transform of ``torch.func``, of which a compiler sees nothing."""
    if torch.compiler.is_compiling() or functorch.peek_interpreter_stack() is None:
        return False
    return bool(functorch.is_batchedtensor(tensor) or functorch.is_gradtrackingtensor(tensor))


def _check_tensor(name: str, tensor: Any, what: str = "a torch.Tensor") -> None:
    """Checks that an argument is a plain tensor."""
    if not isinstance(tensor, torch.Tensor):
        module, kind = type(tensor).__module__, type(tensor).__name__
        hint = f": torch.from_numpy({name}) is one, over the same memory" if module == "numpy" else ""
        raise TypeError(f"{name} must be {what}, not {module}.{kind}{hint}")
    check_plain(name, tensor)


def _check(name: str, tensor: Any, first: torch.Tensor, first_name: str) -> None:
    """Checks that a map is a tensor of four dimensions where kernels run, and where the first map is."""
    _check_tensor(name, tensor)
    if tensor.device.type not in _DEVICES:
        raise ValueError(
            f"{name} is on {tensor.device}, but must be on a CPU or an NVIDIA GPU: {name}.cpu() is a copy there"
        )
    if tensor.device != first.device:
        raise ValueError(f"{name} is on {tensor.device}, but {first_name} is on {first.device}")
    if tensor.ndim != 4:
        raise ValueError(f"{name} must have 4 dimensions, not shape {tuple(tensor.shape)}")


def _rows(boxes: Any, first: torch.Tensor, numbers: Sequence[str]) -> torch.Tensor:
    """``boxes`` as one tensor of rows with their batch index, on the device of the ``first`` map."""
    if isinstance(boxes, (list, tuple)):
        boxes = _joined(boxes, first, len(numbers))
    _check_tensor("boxes", boxes, "a torch.Tensor or a list of them")
    width = 1 + len(numbers)
    if boxes.ndim != 2 or boxes.shape[1] != width:
        raise ValueError(
            f"boxes must have shape (K, {width}), rows [batch_index, {', '.join(numbers)}], or be a list of one "
            f"(L, {width - 1}) tensor per image; its shape is {tuple(boxes.shape)}"
        )
    if boxes.device != first.device:
        raise ValueError(f"boxes is on {boxes.device}, but the maps are on {first.device}")
    return boxes


def _joined(boxes: Sequence[Any], first: torch.Tensor, numbers: int) -> torch.Tensor:
    if len(boxes) != first.shape[0]:
        raise ValueError(f"boxes is a list of {len(boxes)} tensors, but there are N = {first.shape[0]} images")
    rows = []
    for i, part in enumerate(boxes):
        _check_tensor(f"boxes[{i}]", part)
        if part.ndim != 2 or part.shape[1] != numbers:
            raise ValueError(f"boxes[{i}] must have shape (L, {numbers}), not {tuple(part.shape)}")
        if part.dtype != boxes[0].dtype:
            raise TypeError(f"boxes[{i}] has data type {part.dtype}, but boxes[0] has {boxes[0].dtype}")
        if part.device != boxes[0].device:
            raise ValueError(f"boxes[{i}] is on {part.device}, but boxes[0] is on {boxes[0].device}")
        # 16-bit boxes are widened, which is exact, because 16 bits would not hold every batch index.
        rows.append(pad(part.float() if part.dtype in _NARROW else part, (1, 0), value=i))
    if not rows:
        return first.new_empty((0, 1 + numbers), dtype=torch.float32 if first.dtype in _NARROW else first.dtype)
    return torch.cat(rows)


def _are_channels_last(maps: Sequence[torch.Tensor]) -> bool:
    last = all(tensor.is_contiguous(memory_format=torch.channels_last) for tensor in maps)
    return last and not all(tensor.is_contiguous() for tensor in maps)
