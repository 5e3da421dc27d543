"""What a call of weighted RoIAlign on a feature pyramid can claim, under the main dialects, and the rules that it exercises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from ....kernels.dialects.weighted_roi_align import MEANS
from ...operation import Operation
from ..multiscale_roi_align.oracle.answers import exactly
from ..multiscale_roi_align.oracle.levels import levels_of
from ..roi_align.oracle.certificate import fairness
from ..weighted_roi_align.oracle.answers import as_average, simplest
from .oracle.answers import WeightedPyramidOracle
from .oracle.assembling import parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ....kernels.dialects.multiscale_weighted_roi_align import Dialect
    from ....kernels.dialects.roi_align import Dialect as Sampling

    Arguments = Mapping[str, Any]

MAIN_DIALECTS = (
    "torchvision",
    "detectron2",
    "mmdetection",
    "maskrcnn-benchmark",
    "roikit-matterport",
    "roikit-onnx-16",
    "roikit-openvino",
)
"""Those under which golden cases must be exact, and every fault be noticed: all choices are among theirs."""

_ORACLE = WeightedPyramidOracle()


def claims(arguments: Arguments, operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact from float32 on, or has bounds, or rounding decides which branch of a rule is taken."""
    if is_fragile(arguments):
        return "fragile"
    if simplest(arguments, operation)["mode"] in MEANS:
        return "bounded"
    exact = (_ORACLE.exact_dtypes(arguments, operation, dialect) for dialect in different(arguments, MAIN_DIALECTS))
    return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"


def is_fragile(arguments: Arguments, names: Iterable[str] = MAIN_DIALECTS) -> bool:
    """Whether rounding decides where a sample is, or, even in float64, which level a box is on."""
    dialects = different(arguments, names)
    if any(len(levels) > 1 for dialect in dialects for levels in levels_of(arguments, dialect, "float64")):
        return True
    return any(fairness(as_average(given), sampling) for given, sampling in pieces(arguments, dialects))


def pieces(arguments: Arguments, dialects: Iterable[Dialect]) -> Iterator[tuple[Arguments, Sampling]]:
    """All calls of weighted RoIAlign of which one is made by these dialects, each with what it is asked under, once."""
    ways = {(dialect.sampling, exactly(arguments, dialect)) for dialect in dialects}
    for sampling, levels in ways:
        for part in parts(arguments, levels):
            yield part.arguments, sampling


def different(arguments: Arguments, names: Iterable[str] = tuple(DIALECTS)) -> list[Any]:
    """What dialects say that is different in the mode of a call."""
    return list(dict.fromkeys(DIALECTS[name].for_mode(arguments["mode"]) for name in names))


def rules_of(arguments: Arguments, operation: Operation = Operation.FORWARD) -> list[str]:
    """The rules that a call exercises."""
    rules = ["MW-1", "MW-2"]
    rules += ["MW-3"] if len(arguments.get("level_sizes", ())) > 1 else []
    rules += ["MW-6"]
    rules += _OF_GRADIENTS.get(operation, [])
    rules += ["MW-10"] if arguments.get("weights_of") == "rois" else []
    return [*rules, "MW-11"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules


_OF_GRADIENTS = {
    Operation.FEATURE_GRADIENT: ["MW-7"],
    Operation.WEIGHT_GRADIENT: ["MW-8"],
    Operation.BOX_GRADIENT: ["MW-9"],
}
