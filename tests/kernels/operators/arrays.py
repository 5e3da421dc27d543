"""Arrays of tests of operators: drawn, and in both layouts. Written as ``(N, C, ...)``, of maps and of outputs."""

import ml_dtypes
import numpy as np

DTYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
LAYOUTS = ("NCHW", "NHWC")


def wide(dtype):
    """The data type of boxes beside maps of this one."""
    return np.float64 if dtype == np.float64 else np.float32


def epsilon(dtype):
    """Between 1 and the next number."""
    return float(ml_dtypes.finfo(dtype).eps)


def drawn(shape, dtype=np.float32, seed=0):
    """Integers, so that many sums are exact, and ties are many."""
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(dtype)


def like(array, layout):
    """An array with its channels where a layout has them."""
    return array if layout == "NCHW" else np.ascontiguousarray(np.moveaxis(array, 1, -1))


def as_nchw(array, layout):
    """What comes in a layout, with channels before what has no name."""
    return array if layout == "NCHW" else np.moveaxis(array, -1, 1)


def layouts(array):
    """An array in each layout, after the layout's name."""
    return ((layout, like(array, layout)) for layout in LAYOUTS)
