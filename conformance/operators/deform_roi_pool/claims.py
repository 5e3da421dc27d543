"""What a call of deformable RoI pooling can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "mmcv")
"""Those under which every fault must be noticed: both slopes beyond the edges."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides which samples are inside."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["DP-1", "DP-2", "DP-3", *(["DP-4"] if "offset" in arguments else []), "DP-5", _RULE[operation]]
    return [*rules, "DP-11"] if arguments.get("invalid_rois") else rules


_RULE = {
    Operation.FORWARD: "DP-6",
    Operation.FEATURE_GRADIENT: "DP-7",
    Operation.OFFSET_GRADIENT: "DP-8",
    Operation.BOX_GRADIENT: "DP-9",
}
"""The rule of what a call asks for."""
