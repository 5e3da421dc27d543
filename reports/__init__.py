"""Reads result files, and makes tables, comparisons and a site of them. It never runs anything.

>>> from roikit.reports import load
>>> results = load("run.ndjson")  # doctest: +SKIP
>>> results.groupby(["implementation", "kind"]).size()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files import UnknownFileError
    from .tables import ASV_COLUMNS, DETECTION_COLUMNS, RESULT_COLUMNS, TIME_COLUMNS, load

__all__ = ["ASV_COLUMNS", "DETECTION_COLUMNS", "RESULT_COLUMNS", "TIME_COLUMNS", "UnknownFileError", "load"]


def __getattr__(name: str) -> Any:
    """Imports what is asked for, which the command line does not need to start."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import tables

    return getattr(tables, name)
