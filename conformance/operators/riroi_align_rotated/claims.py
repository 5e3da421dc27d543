"""What a call of rotation-invariant RoIAlign can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "roikit-clockwise")
"""Those under which every fault must be noticed: both ways to turn, of which orientations know nothing."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides what is read."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = [f"RI-{n}" for n in (1, 2, 3)]
    rules += {Operation.FORWARD: ["RI-4"], Operation.FEATURE_GRADIENT: ["RI-5"], Operation.BOX_GRADIENT: ["RI-6"]}[
        operation
    ]
    return [*rules, "RI-8"] if arguments.get("invalid_rois") else rules
