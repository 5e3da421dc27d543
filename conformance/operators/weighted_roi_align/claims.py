"""What a call of weighted RoIAlign can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.weighted_roi_align import DIALECTS, MEANS
from ...operation import Operation
from ..roi_align.oracle.certificate import fairness
from .oracle.answers import WeightedRoiAlignOracle, as_average, simplest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ....kernels.dialects.roi_align import Dialect

MAIN_DIALECTS = (
    "torchvision",
    "torchvision-aligned",
    "paddle",
    "onnx-16",
    "mmcv",
    "openvino-half-pixel-for-nn",
)
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if any(fairness(as_average(arguments), dialect) for dialect in different(arguments)):
        return "fragile"
    arguments = simplest(arguments, operation)
    if arguments["mode"] in MEANS:
        return "bounded"
    oracle = WeightedRoiAlignOracle()
    mains = different(arguments, MAIN_DIALECTS)
    exact = (oracle.exact_dtypes(arguments, operation, dialect) for dialect in mains)
    return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"


def different(arguments: Mapping[str, Any], names: Iterable[str] = tuple(DIALECTS)) -> list[Dialect]:
    """What dialects say that is different in the mode of a call."""
    return list(dict.fromkeys(DIALECTS[name].for_mode(arguments["mode"]) for name in names))


def rules_of(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    of_bin = _OF_MODES.get(arguments["mode"]) or ("SW-4" if arguments.get("normalise") else "SW-3")
    rules = ["SW-1", "SW-2", of_bin]
    rules += ["SW-5"] if arguments.get("normalise") and arguments.get("guard", "zero") != "zero" else []
    rules += _OF_GRADIENTS.get(operation, [])
    rules += ["SW-12"] if arguments.get("weights_of") == "rois" else []
    return [*rules, "SW-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules


_OF_MODES = {"max": "SW-13", "lp": "SW-14", "softmax": "SW-15"}
_OF_GRADIENTS = {
    Operation.FEATURE_GRADIENT: ["SW-6"],
    Operation.WEIGHT_GRADIENT: ["SW-7"],
    Operation.BOX_GRADIENT: ["SW-8"],
}
