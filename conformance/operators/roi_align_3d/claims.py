"""What a call of RoIAlign of volumes can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "roikit-aligned", "dkfz-aligned")
"""Those under which every fault must be noticed: all that differ."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which samples are inside."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["RV-1", "RV-2", "RV-3", "RV-4", "RV-5", "RV-6", "RV-7", _RULE[operation]]
    return [*rules, "RV-11"] if arguments.get("invalid_rois") else rules


_RULE = {Operation.FORWARD: "RV-8", Operation.FEATURE_GRADIENT: "RV-9", Operation.BOX_GRADIENT: "RV-10"}
"""The rule of what a call asks for."""
