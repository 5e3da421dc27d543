"""Weighted RoIAlign on feature pyramids, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import WeightedPyramidCall
from .claims import MAIN_DIALECTS
from .contested import MAXIMUM
from .draws import WeightedPyramidDraws
from .explanation import WeightedPyramidExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import WeightedPyramidOracle
from .probes import WeightedPyramidProbes
from .probes.footprint import footprint

OPERATOR = Operator(
    name="multiscale_weighted_roi_align",
    title="Multi-scale weighted RoIAlign",
    prefix="MW",
    call=WeightedPyramidCall,
    operations=(
        Operation.FORWARD,
        Operation.FEATURE_GRADIENT,
        Operation.BOX_GRADIENT,
        Operation.WEIGHT_GRADIENT,
    ),
    modes=("avg", "max", "lp", "softmax"),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision", "roikit-aligned"),
    oracle=WeightedPyramidOracle(),
    mutants=MUTANTS,
    blind={
        "mw-no-rois": "asks for the shape of an output without values",
        "mw-no-channels": "asks for the shape of an output without values",
        "mw-no-images": "asks for the shape of an output without values",
        "mw-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    contested=(MAXIMUM,),
    draws=WeightedPyramidDraws(),
    probes=WeightedPyramidProbes(),
    footprint=footprint,
    explanation=WeightedPyramidExplanation,
)
