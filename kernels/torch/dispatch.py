"""Operators of PyTorch: how they are made, and when PyTorch must see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence


def define(name: str, arguments: str, options: str, result: str) -> Any:
    """``torch.ops.roikit.NAME``, without anything that it does."""
    schema = f"({arguments}, {options}) -> {result}"
    torch.library.define(f"roikit::{name}", schema, tags=(torch.Tag.pt2_compliant_tag,))
    return getattr(torch.ops.roikit, name).default


def register(name: str, kernel: Any, fake: Any, context: Any, backward: Any) -> None:
    """Says what an operator does, of which shape its results are, and what its gradient is."""
    torch.library.impl(f"roikit::{name}", ("cpu", "cuda"), kernel)
    torch.library.register_fake(f"roikit::{name}", fake)
    torch.library.register_autograd(f"roikit::{name}", backward, setup_context=context)


def is_watched(tensors: Sequence[torch.Tensor]) -> bool:
    """Whether more than eager tensors and their gradients are at work, so that PyTorch must see the operator."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or torch._C._len_torch_dispatch_stack() > 0  # noqa: SLF001 - fake tensors, make_fx; there is no public way to ask
        or any(type(tensor) not in _EAGER or tensor.is_meta for tensor in tensors)
    )


_EAGER = (torch.Tensor, torch.nn.Parameter)
