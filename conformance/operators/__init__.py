"""The operators that the harness knows: a name each. What is known of one lies in the folder of its name."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

NAMES = ("roi_align",)


def folder(operator: str) -> Traversable:
    """The folder of an operator: its rules, cases, templates and certificate."""
    return files(__package__).joinpath(operator)
