"""Operators of PyTorch: how they are made, and when PyTorch must see them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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


def register_last(
    name: str, kernel: Any, fake: Any, why: str = ": it jumps where a sample crosses a pixel", of: str = "boxes"
) -> None:
    """The same for a gradient that has none of its own, as one for boxes; ``why`` is the end of a sentence that says so."""

    def refuse(ctx: Any, grad: torch.Tensor) -> tuple[Any, ...]:
        del ctx, grad
        raise NotImplementedError(
            f"the gradient for {of} has no gradient of its own{why}. Detach the {of}, or call backward() without "
            "create_graph=True"
        )

    register(name, kernel, fake, _keep_nothing, refuse)


def _keep_nothing(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    """Keeps nothing for the gradient."""


def is_watched(tensors: Sequence[torch.Tensor]) -> bool:
    """Whether more than eager tensors and their gradients are at work, so that PyTorch must see the operator."""
    return (
        torch.compiler.is_compiling()
        or torch.jit.is_tracing()
        or torch._C._len_torch_dispatch_stack() > 0  # noqa: SLF001 - fake tensors, make_fx; there is no public way to ask
        or any(type(tensor) not in _EAGER or tensor.is_meta for tensor in tensors)
    )


_EAGER = (torch.Tensor, torch.nn.Parameter)


def encoded(dialect: Any) -> str | None:
    """A dialect as what fits into a schema: its name, or its choices."""
    return dialect if dialect is None or isinstance(dialect, str) else json.dumps(asdict(dialect))


def decoded(dialect: Any, kind: Callable[..., Any]) -> Any:
    """The dialect, of a ``kind``, that `encoded` made a text of."""
    return _dialect_of(dialect, kind) if isinstance(dialect, str) and dialect.startswith("{") else dialect


@cache
def _dialect_of(text: str, kind: Callable[..., Any]) -> Any:
    return kind(**json.loads(text))


def output_of(maps: torch.Tensor, boxes: torch.Tensor, output_size: Sequence[int], layout: str) -> torch.Tensor:
    """The output of a map and its RoIs, with nothing in it yet."""
    rois, (height, width) = boxes.shape[0], output_size
    if layout == "NCHW":
        return maps.new_empty((rois, maps.shape[1], height, width))
    return maps.new_empty((rois, height, width, maps.shape[3]))
