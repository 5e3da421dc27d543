"""The pooler of feature pyramids for rotated boxes, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.multiscale_roi_align_rotated import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import RotatedPyramidCall
from .claims import MAIN_DIALECTS
from .draws import RotatedPyramidDraws
from .explanation import RotatedPyramidExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import ORACLE
from .probes import RotatedPyramidProbes

OPERATOR = Operator(
    name="multiscale_roi_align_rotated",
    title="Multi-scale rotated RoIAlign",
    prefix="MR",
    call=RotatedPyramidCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit",),
    oracle=ORACLE,
    mutants=MUTANTS,
    blind={
        "mr-no-rois": "asks for the shape of an output without values",
        "mr-no-channels": "asks for the shape of an output without values",
        "mr-no-images": "asks for the shape of an output without values",
        "mr-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "mr-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=RotatedPyramidDraws(),
    probes=RotatedPyramidProbes(),
    explanation=RotatedPyramidExplanation,
)
