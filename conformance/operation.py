"""The names of what an operator can be asked for."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """What an operator is asked for."""

    FORWARD = "forward"
    """The output."""
    FEATURE_GRADIENT = "feature_gradient"
    """The gradient for ``input``, of its shape."""
    BOX_GRADIENT = "box_gradient"
    """The gradient for ``x1, y1, x2, y2`` in image pixels, ``(K, 4)``."""
    WEIGHT_GRADIENT = "weight_gradient"
    """The gradient for ``weights``, of their shape."""
    OFFSET_GRADIENT = "offset_gradient"
    """The gradient for ``offset``, of its shape."""
