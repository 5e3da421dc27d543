"""What a call of PSRoIPool can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.ps_roi_pool import DIALECTS
from ...exact.floats import FLOAT_TYPES
from ...operation import Operation
from .oracle.answers import answers_in
from .oracle.certificate import bits, exact_dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("torchvision", "roikit", "mxnet", "openvino")
"""Those under which golden cases must be exact, and every fault be noticed."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in every type from float32 on, or has bounds, or rounding decides which pixel a corner becomes."""
    dialects = [DIALECTS[name] for name in MAIN_DIALECTS]
    for dialect in dialects:
        if any(len(answers_in(arguments, operation, dialect, dtype)) != 1 for dtype in ("float32", "float64")):
            return "fragile"
    for dialect in dialects:
        needed = bits(arguments, operation, dialect)
        if needed is None or needed > FLOAT_TYPES["float32"].bits:
            return "bounded"
        if not {"float32", "float64"} <= set(exact_dtypes(arguments, operation, dialect)):
            return "bounded"
    return "exact"


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["PP-1", "PP-2", "PP-3", "PP-4", "PP-5", "PP-6", "PP-7"]
    rules += ["PP-8"] if operation == Operation.FEATURE_GRADIENT else []
    return [*rules, "PP-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
