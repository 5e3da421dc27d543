"""Dialects as text: what fits into the schema of an operator of PyTorch."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def text_of(dialect: DataclassInstance) -> str:
    """The choices of a dialect. Compiled code has it as a constant, and is compiled anew for other choices."""
    return json.dumps(asdict(dialect))


def encoded(dialect: DataclassInstance | str | None) -> str | None:
    """A dialect, or the name of one, as text."""
    return dialect if dialect is None or isinstance(dialect, str) else text_of(dialect)


def decoded(kind: type[Any], dialect: Any) -> Any:
    """What was `encoded`, of an operator whose dialects are of this kind."""
    return _dialect_of(kind, dialect) if isinstance(dialect, str) and dialect.startswith("{") else dialect


@cache
def _dialect_of(kind: type[Any], text: str) -> Any:
    return kind(**json.loads(text))
