"""The operators that the harness knows: a line for each. All that is known of one lies in the folder of its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

    from ..call import Call
    from ..operator import Operator

NAMES = (
    "roi_align",
    "roi_pool",
    "ps_roi_pool",
    "ps_roi_align",
    "crop_and_resize",
    "prroi_pool",
    "multiscale_roi_align",
    "weighted_roi_align",
    "roi_align_rotated",
    "border_align",
    "deform_roi_pool",
    "roi_align_3d",
    "deform_ps_roi_pool",
    "riroi_align_rotated",
    "multiscale_roi_align_rotated",
    "multiscale_ps_roi_align",
    "multiscale_weighted_roi_align",
)

DEFAULT = "roi_align"
"""What is meant where a file, a message or a user names no operator."""


@cache
def get(name: str) -> Operator:
    """An operator: its module is loaded only now."""
    found: Operator = import_module(f".{name}.operator", __package__).OPERATOR
    return found


@cache
def call_type(name: str) -> type[Call]:
    """The type of an operator's calls. That needs nothing but NumPy, which is all that environments of peers have."""
    found: type[Call] = import_module(f".{name}.call", __package__).CALL
    return found


def dialects_of(name: str) -> Mapping[str, Any]:
    """The named dialects of an operator. That needs nothing but the vocabulary of the kernels."""
    found: Mapping[str, Any] = import_module(f"...kernels.dialects.{name}", __package__).DIALECTS
    return found


def everyone() -> tuple[Operator, ...]:
    """All operators."""
    return tuple(get(name) for name in NAMES)


def folder(name: str) -> Traversable:
    """The folder of an operator: its rules, cases, templates and certificate."""
    return files(__package__).joinpath(name)
