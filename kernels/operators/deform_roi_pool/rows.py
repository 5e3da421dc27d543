"""Rows of boxes with the offsets of their bins, as kernels read them (``cuda/deform_roi_pool/rows.cu``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...staging import rows

if TYPE_CHECKING:
    from types import ModuleType

    from ...execution.source import Source
    from .problem import DeformedProblem

_OPERATOR = "deform_roi_pool"


def source(dtype: str) -> Source:
    """The kernel that puts rows together, for offsets of a data type (by name)."""
    return rows.source(_OPERATOR, dtype)


def joined(xp: ModuleType, boxes: Any, offset: Any, problem: DeformedProblem, like: Any) -> Any:
    """Rows of ``boxes`` with an offset for each bin after them; ``boxes`` as they are if there are none.

    ``offset`` is checked here; ``like`` is an array of the data type that it must have, on the device where it must be.
    """
    return rows.joined(xp, _OPERATOR, boxes, offset, (problem.rois, 2, *problem.bins), like)
