"""What a call of BorderAlign can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.border_align import DIALECTS
from ...exact.floats import FLOAT_TYPES
from ...operation import Operation
from .oracle.face import BorderAlignOracle, is_decided

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "roikit-aligned")
"""Those under which every fault must be noticed: both offsets."""

_ORACLE = BorderAlignOracle()
_WIDE = ("float32", "float64")


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which points are inside."""
    dialects = [DIALECTS[name] for name in MAIN_DIALECTS]
    if not all(is_decided(arguments, dialect, dtype) for dialect in dialects for dtype in _WIDE):
        return "fragile"
    for dialect in dialects:
        needed = _ORACLE.bits(arguments, operation, dialect)
        if needed is None or needed > FLOAT_TYPES["float32"].bits:
            return "bounded"
        if not set(_WIDE) <= set(_ORACLE.exact_dtypes(arguments, operation, dialect)):
            return "bounded"
    return "exact"


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = [f"BA-{n}" for n in range(1, 5)]
    rules += {
        Operation.FORWARD: ["BA-5"],
        Operation.FEATURE_GRADIENT: ["BA-6", "BA-7"],
        Operation.BOX_GRADIENT: ["BA-6", "BA-8"],
    }[operation]
    return [*rules, "BA-10"] if arguments.get("invalid_rois") else rules
