"""Reads result files, and makes tables, comparisons and a site of them. It never runs anything.

>>> from roikit.reports import load
>>> results = load("run.ndjson")  # doctest: +SKIP
>>> results.groupby(["implementation", "kind"]).size()  # doctest: +SKIP
"""

from .files import UnknownFileError
from .tables import ASV_COLUMNS, DETECTION_COLUMNS, RESULT_COLUMNS, TIME_COLUMNS, load

__all__ = ["ASV_COLUMNS", "DETECTION_COLUMNS", "RESULT_COLUMNS", "TIME_COLUMNS", "UnknownFileError", "load"]
