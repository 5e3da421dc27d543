"""What a call of a pooler of rotated boxes can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.answers import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("roikit", "detectron2", "mmrotate")
"""Those under which every fault must be noticed: all ways to choose a level, and both units of angles."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides what is read."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["MR-1"]
    rules += ["MR-2", "MR-3"] if len(arguments.get("level_sizes", ())) > 1 else []
    rules += ["MR-6"]
    rules += {Operation.FEATURE_GRADIENT: ["MR-7"], Operation.BOX_GRADIENT: ["MR-8"]}.get(operation, [])
    return [*rules, "MR-9"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
