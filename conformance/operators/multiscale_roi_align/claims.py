"""What a call of a pooler can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.multiscale_roi_align import DIALECTS
from ...operation import Operation
from ..roi_align.oracle.certificate import fairness
from .oracle.answers import MultiscaleRoiAlignOracle, exactly
from .oracle.assembling import parts
from .oracle.levels import levels_of

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = (
    "torchvision",
    "detectron2",
    "mmdetection",
    "maskrcnn-benchmark",
    "roikit-matterport",
    "roikit-axlearn",
)
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if _is_fragile(arguments):
        return "fragile"
    oracle = MultiscaleRoiAlignOracle()
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
    rules = ["MS-1"] if "spatial_scale" in arguments else ["MS-2"]
    rules += ["MS-3", "MS-4"] if len(arguments.get("level_sizes", ())) > 1 else []
    rules += ["MS-7"]
    rules += {Operation.FEATURE_GRADIENT: ["MS-8"], Operation.BOX_GRADIENT: ["MS-9"]}.get(operation, [])
    return [*rules, "MS-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
