"""What a call of BorderAlign can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "roikit-aligned")
"""Those under which every fault must be noticed: both offsets."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which points are inside."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = [f"BA-{n}" for n in range(1, 5)]
    rules += {
        Operation.FORWARD: ["BA-5"],
        Operation.FEATURE_GRADIENT: ["BA-6", "BA-7"],
        Operation.BOX_GRADIENT: ["BA-6", "BA-8"],
    }[operation]
    return [*rules, "BA-10"] if arguments.get("invalid_rois") else rules
