"""All choices that there are at the decision points of an operator."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..operator import Operator


class Choice(NamedTuple):
    """A choice at a decision point."""

    point: str
    value: Any


def choices(operator: Operator) -> list[Choice]:
    """All choices that any dialect makes, or that there are."""
    found: dict[Choice, None] = {}
    for field in fields(next(iter(operator.dialects.values()))):
        values = [getattr(dialect, field.name) for dialect in operator.dialects.values()]
        kind: Any = type(values[0])
        others = list(kind) if issubclass(kind, Enum) else []
        found |= dict.fromkeys(Choice(field.name, value) for value in (*values, *others))
    return list(found)
