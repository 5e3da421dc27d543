"""What a call of PSRoIAlign can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.ps_roi_align import DIALECTS
from ...operation import Operation
from ..roi_align.oracle.certificate import fairness
from .oracle.answers import PsRoiAlignOracle

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("torchvision", "roikit-bin-major", "mxnet")
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if any(fairness(arguments, dialect.sampling) for dialect in DIALECTS.values()):
        return "fragile"
    oracle = PsRoiAlignOracle()
    exact = (oracle.exact_dtypes(arguments, operation, DIALECTS[name]) for name in MAIN_DIALECTS)
    return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["PA-1", "PA-2", "PA-3", "PA-4"]
    rules += {Operation.FEATURE_GRADIENT: ["PA-5"], Operation.BOX_GRADIENT: ["PA-6"]}.get(operation, [])
    return [*rules, "PA-8"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
