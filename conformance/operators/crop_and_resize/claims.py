"""What a call of crop_and_resize can claim, under the main dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.crop_and_resize import DIALECTS
from ...arrays import leaves
from ...exact.floats import FLOAT_TYPES
from ...operation import Operation
from .oracle.answers import answers_in
from .oracle.certificate import bits, exact_dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping

MAIN_DIALECTS = ("tensorflow", "roikit", "onnxruntime")
"""Those under which golden cases must be exact, and every fault be noticed."""


def claims(arguments: Mapping[str, Any], operation: Operation = Operation.FORWARD) -> str:
    """Whether a call is exact in every type from float32 on, or has bounds, or rounding decides what a point is."""
    dialects = [DIALECTS[name] for name in MAIN_DIALECTS]
    for dialect in dialects:
        for dtype in ("float32", "float64"):
            found = answers_in(arguments, operation, dialect, dtype)
            if len(found) != 1 or None in leaves(0 if found[0].bound is None else found[0].bound):
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
    rules = ["CR-1", "CR-2", "CR-3", "CR-4" if arguments["mode"] == "bilinear" else "CR-5"]
    rules += {Operation.FEATURE_GRADIENT: ["CR-7"], Operation.BOX_GRADIENT: ["CR-8"]}.get(operation, ["CR-6"])
    return [*rules, "CR-10"] if arguments["input"]["shape"][0] > 1 or arguments.get("invalid_rois") else rules
