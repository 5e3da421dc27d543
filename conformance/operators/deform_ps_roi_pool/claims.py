"""What a call of deformable PSRoIPool can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "mxnet")
"""Those under which every fault must be noticed: both choices at each decision point."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which samples are inside."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["DQ-1", "DQ-2", "DQ-3", "DQ-4", *(["DQ-5"] if "offset" in arguments else []), "DQ-6", _RULE[operation]]
    return [*rules, "DQ-11"] if arguments.get("invalid_rois") else rules


_RULE = {
    Operation.FORWARD: "DQ-7",
    Operation.FEATURE_GRADIENT: "DQ-8",
    Operation.OFFSET_GRADIENT: "DQ-9",
}
"""The rule of what a call asks for."""
