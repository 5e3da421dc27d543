"""The operators, a folder each, and the registry of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from ..execution.source import Source

NAMES = (
    "roi_align",
    "roi_pool",
    "ps_roi_pool",
    "ps_roi_align",
    "crop_and_resize",
    "prroi_pool",
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
)  # fmt: skip


_MEANS = ("lp", "softmax")
_MORE_MODES = {"weighted_roi_align": _MEANS, "multiscale_weighted_roi_align": _MEANS}
_ELSEWHERE = {"multiscale_weighted_roi_align": "weighted_roi_align.pyramid_sources"}
"""Modules of those whose kernels are another operator's, of several levels."""


def modes_of(name: str) -> tuple[str, ...]:
    """What an operator may be asked to make of the samples of a bin; it may have no kernels of some."""
    return ("avg", "max", *_MORE_MODES.get(name, ()))


class Sources(Protocol):
    """The module ``sources`` of an operator's folder."""

    OPERATIONS: tuple[str, ...]

    def rules(self, dialect: Any, *, aligned: bool) -> Any:
        """The rules of calls with these arguments."""

    def sources(
        self, operation: str, dtype: str, mode: str, layout: str, dialect: Any, *, on_host: bool
    ) -> list[Source]:
        """The kernels of an operation on a CPU, or on a GPU."""


def sources_of(name: str) -> Sources:
    """What is known of the kernels of an operator, loaded now."""
    return cast("Sources", import_module(f".{_ELSEWHERE.get(name, f'{name}.sources')}", __package__))
