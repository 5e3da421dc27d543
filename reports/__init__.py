"""Reads result files and makes tables of them. It never runs anything.

>>> from roikit.reports import load
>>> results = load("run.ndjson")  # doctest: +SKIP
>>> results.groupby(["implementation", "verdict"]).size()  # doctest: +SKIP
"""

from .tables import COLUMNS, load

__all__ = ["COLUMNS", "load"]
