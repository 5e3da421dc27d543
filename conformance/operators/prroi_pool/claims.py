"""What a call of PrRoIPool can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("mmcv",)
"""Those under which golden cases must be exact, and every fault be noticed; the others differ in boxes without area alone."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in float32 and float64, or has bounds, or rounding decides whether a RoI has an extent."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["PR-1", "PR-2", "PR-3", "PR-4", "PR-5"]
    rules += {Operation.FORWARD: ["PR-6"], Operation.FEATURE_GRADIENT: ["PR-7"], Operation.BOX_GRADIENT: ["PR-8"]}[
        operation
    ]
    return [*rules, "PR-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
