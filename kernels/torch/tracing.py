"""Calls that are traced: with what stands in place of tensors, such as the proxies of `torch.fx`, and for ONNX."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import torch
from torch.overrides import handle_torch_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

P = ParamSpec("P")

_PLAIN = frozenset((torch.Tensor, torch.nn.Parameter, int, float, bool, str, type(None)))
"""What nothing stands in for: most calls have nothing else, and each looks for it."""


def traceable(function: Callable[P, torch.Tensor]) -> Callable[P, torch.Tensor]:
    """A function of tensors that hands a call over to a tracer, if that has put something of its own in a tensor's place."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> torch.Tensor:
        values = (*args, *kwargs.values())
        if not _PLAIN.issuperset(map(type, values)) and (stand_ins := list(_stand_ins(values))):
            output: torch.Tensor = handle_torch_function(call, stand_ins, *args, **kwargs)
            return output
        return function(*args, **kwargs)

    return call


def _stand_ins(values: Iterable[Any]) -> Iterator[Any]:
    """What is no tensor and takes the place of one, among values or within lists and dictionaries of them."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _stand_ins(value)
        elif isinstance(value, dict):
            yield from _stand_ins(value.values())
        elif not isinstance(value, torch.Tensor) and hasattr(type(value), "__torch_function__"):
            yield value


def is_exporting() -> bool:
    """Whether `torch.onnx.export` is at work, which knows no operators of roikit."""
    return bool(torch.onnx.is_in_onnx_export())


def refuse(why: str) -> NoReturn:
    """Raises what says that, and why, ONNX has no node for a call."""
    raise NotImplementedError(f"ONNX cannot say this call: {why}; torch.export and torch.compile take all of it")
