"""Data types of kernels: their names in C, and the wider of two."""

from __future__ import annotations

C_NAMES = {"float16": "float16", "bfloat16": "bfloat16", "float32": "float", "float64": "double"}
"""What `numeric.cuh` calls each data type that maps may have."""


def wider(dtype: str) -> str:
    """Returns the data type of boxes, coordinates and sums for maps of ``dtype``."""
    return "float64" if dtype == "float64" else "float32"
