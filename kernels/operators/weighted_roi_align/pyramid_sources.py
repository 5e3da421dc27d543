"""The kernels of weighted RoIAlign on a feature pyramid, so that they can be compiled ahead of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pyramid import resolve_dialect
from .sources import OPERATIONS, sources_of_levels

if TYPE_CHECKING:
    from ...dialects.multiscale_weighted_roi_align import Dialect
    from ...execution.source import Source

__all__ = ["LEVELS", "OPERATIONS", "rules", "sources"]

LEVELS = 4
"""As many as the pyramids of detectors have from 1/4 to 1/32; a GPU's kernels are compiled for one number of levels."""


def rules(dialect: str | Dialect | None, *, aligned: bool) -> Dialect:
    """The rules of calls with this dialect, or with this ``aligned`` if there is none."""
    return resolve_dialect(dialect, None, aligned=aligned and dialect is None)


def sources(operation: str, dtype: str, mode: str, layout: str, dialect: Dialect, *, on_host: bool) -> list[Source]:
    """The kernels of an operation on a CPU, or on a GPU for `LEVELS` levels."""
    return sources_of_levels(operation, dtype, mode, layout, dialect.sampling, LEVELS, on_host=on_host)
