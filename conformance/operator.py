"""What an operator is to the harness."""

from __future__ import annotations

from enum import StrEnum

DTYPES = ("float16", "bfloat16", "float32", "float64")

LAYOUTS = ("NCHW", "NHWC")


class Unsupported(Exception):  # noqa: N818 - a statement, not an error
    """Raised by an adapter when its library offers no way to make this call. The message says what is missing."""


class Operation(StrEnum):
    """What is asked of RoIAlign."""

    FORWARD = "forward"
    """The output, ``(K, C, P_h, P_w)``."""
    FEATURE_GRADIENT = "feature_gradient"
    """The gradient for ``input`` (RA-15), of its shape."""
    BOX_GRADIENT = "box_gradient"
    """The gradient for ``x1, y1, x2, y2`` in image pixels (RA-16), ``(K, 4)``."""
