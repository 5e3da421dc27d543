"""Data types of kernels: their names in C and in NumPy, and the wider of two."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

C_NAMES = {"float16": "float16", "bfloat16": "bfloat16", "float32": "float", "float64": "double"}
"""What ``cuda/library/numeric.cuh`` calls each data type that maps may have."""


def wider(dtype: str) -> str:
    """The data type of boxes, coordinates and sums for maps of ``dtype``."""
    return "float64" if dtype == "float64" else "float32"


def itemsize(dtype: str) -> int:
    """Bytes of an element of ``dtype``."""
    return {"float64": 8, "float32": 4}.get(dtype, 2)


@cache
def name_of(dtype: np.dtype[Any]) -> str:
    """The name of a data type, which NumPy takes its time to put together."""
    return dtype.name


@cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """The data type that is called so."""
    if name == "bfloat16":
        import ml_dtypes

        name = ml_dtypes.bfloat16
    return np.dtype(name)
