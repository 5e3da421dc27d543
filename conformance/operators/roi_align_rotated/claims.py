"""What a call of rotated RoIAlign can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "mxnet")
"""Those under which every fault must be noticed: both units of angles, both offsets, and a least size."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which samples are inside."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = [f"RR-{n}" for n in (1, 2, 3, 6, 7, 8, 9)]
    rules += {Operation.FORWARD: ["RR-10"], Operation.FEATURE_GRADIENT: ["RR-11"], Operation.BOX_GRADIENT: ["RR-12"]}[
        operation
    ]
    return [*rules, "RR-14"] if arguments.get("invalid_rois") else rules
