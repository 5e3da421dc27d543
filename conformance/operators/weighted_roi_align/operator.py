"""Weighted RoIAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.weighted_roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import WeightedRoiAlignCall
from .claims import MAIN_DIALECTS
from .contested import MAXIMUM
from .draws import WeightedRoiAlignDraws
from .explanation import WeightedRoiAlignExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import WeightedRoiAlignOracle
from .probes import WeightedRoiAlignProbes
from .probes.footprint import footprint

OPERATOR = Operator(
    name="weighted_roi_align",
    title="Weighted RoIAlign",
    prefix="SW",
    call=WeightedRoiAlignCall,
    operations=(
        Operation.FORWARD,
        Operation.FEATURE_GRADIENT,
        Operation.BOX_GRADIENT,
        Operation.WEIGHT_GRADIENT,
    ),
    modes=("avg", "max", "lp", "softmax"),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision", "torchvision-aligned"),
    oracle=WeightedRoiAlignOracle(),
    mutants=MUTANTS,
    blind={
        "sw-no-rois": "asks for the shape of an output without values",
        "sw-max-no-rois": "asks for the shape of an output without values",
        "sw-lp-no-rois": "asks for the shape of an output without values",
        "sw-softmax-no-rois": "asks for the shape of an output without values",
        "sw-no-channels": "asks for the shape of an output without values",
        "sw-no-images": "asks for the shape of an output without values",
        "sw-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    contested=(MAXIMUM,),
    draws=WeightedRoiAlignDraws(),
    probes=WeightedRoiAlignProbes(),
    footprint=footprint,
    explanation=WeightedRoiAlignExplanation,
)
