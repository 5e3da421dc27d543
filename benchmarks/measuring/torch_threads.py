"""PyTorch on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def torch_with(threads: int) -> ModuleType:
    """PyTorch, with so many threads.

    Raises:
        ImportError: it, torchvision, or the compiled operators of that are missing.
    """
    import torch
    from torchvision.extension import _has_ops

    if not _has_ops():
        raise ImportError("torchvision's compiled operators are missing")
    torch.set_num_threads(threads)
    return torch
