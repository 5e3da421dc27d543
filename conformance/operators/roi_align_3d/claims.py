"""What a call of RoIAlign of volumes can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.roi_align_3d import DIALECTS
from ...exact.floats import FLOAT_TYPES
from ...operation import Operation
from .oracle.face import VolumeOracle, is_decided

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "roikit-aligned", "dkfz-aligned")
"""Those under which every fault must be noticed: all that differ."""

_ORACLE = VolumeOracle()
_WIDE = ("float32", "float64")


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which samples are inside."""
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
    rules = ["RV-1", "RV-2", "RV-3", "RV-4", "RV-5", "RV-6", "RV-7", _RULE[operation]]
    return [*rules, "RV-11"] if arguments.get("invalid_rois") else rules


_RULE = {Operation.FORWARD: "RV-8", Operation.FEATURE_GRADIENT: "RV-9", Operation.BOX_GRADIENT: "RV-10"}
"""The rule of what a call asks for."""
