"""What a call of PSRoIAlign on a feature pyramid can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from ...operation import Operation
from ..multiscale_roi_align.oracle.answers import exactly
from ..multiscale_roi_align.oracle.assembling import parts
from ..multiscale_roi_align.oracle.levels import levels_of
from ..roi_align.oracle.certificate import fairness
from .oracle.answers import PsPyramidOracle

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("torchvision", "roikit-bin-major", "gluoncv", "mmdetection", "detectron2")
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if _is_fragile(arguments):
        return "fragile"
    oracle = PsPyramidOracle()
    exact = (oracle.exact_dtypes(arguments, operation, DIALECTS[name]) for name in MAIN_DIALECTS)
    return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"


def _is_fragile(arguments: Mapping[str, Any]) -> bool:
    """Whether rounding decides where a sample is, or, even in float64, which level a box is on."""
    dialects = [DIALECTS[name] for name in MAIN_DIALECTS]
    if any(len(levels) > 1 for dialect in dialects for levels in levels_of(arguments, dialect, "float64")):
        return True
    ways = {(dialect.sampling, exactly(arguments, dialect)) for dialect in dialects}
    return any(fairness(part.arguments, sampling) for sampling, levels in ways for part in parts(arguments, levels))


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["MP-1", "MP-2"]
    rules += ["MP-3"] if len(arguments.get("level_sizes", ())) > 1 else []
    rules += ["MP-6"]
    rules += {Operation.FEATURE_GRADIENT: ["MP-7"], Operation.BOX_GRADIENT: ["MP-8"]}.get(operation, [])
    return [*rules, "MP-9"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
