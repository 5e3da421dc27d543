"""What a call of weighted RoIAlign can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.weighted_roi_align import DIALECTS
from ...operation import Operation
from ..roi_align.oracle.certificate import fairness
from .oracle.answers import WeightedRoiAlignOracle

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("torchvision", "torchvision-aligned", "paddle")
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if any(fairness(arguments, dialect) for dialect in DIALECTS.values()):
        return "fragile"
    oracle = WeightedRoiAlignOracle()
    exact = (oracle.exact_dtypes(arguments, operation, DIALECTS[name]) for name in MAIN_DIALECTS)
    return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["SW-1", "SW-2", "SW-4" if arguments.get("normalise") else "SW-3"]
    rules += ["SW-5"] if arguments.get("normalise") and arguments.get("guard", "zero") != "zero" else []
    rules += _OF_GRADIENTS.get(operation, [])
    rules += ["SW-12"] if arguments.get("weights_of") == "rois" else []
    return [*rules, "SW-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules


_OF_GRADIENTS = {
    Operation.FEATURE_GRADIENT: ["SW-6"],
    Operation.WEIGHT_GRADIENT: ["SW-7"],
    Operation.BOX_GRADIENT: ["SW-8"],
}
