"""What a call of PSRoIPool can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...operation import Operation
from .oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("torchvision", "roikit", "mxnet", "openvino")
"""Those under which golden cases must be exact, and every fault be noticed."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in every type from float32 on, or has bounds, or rounding decides which pixel a corner becomes."""
    return ORACLE.claim(arguments, operation, MAIN_DIALECTS)


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["PP-1", "PP-2", "PP-3", "PP-4", "PP-5", "PP-6", "PP-7"]
    rules += ["PP-8"] if operation == Operation.FEATURE_GRADIENT else []
    return [*rules, "PP-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
