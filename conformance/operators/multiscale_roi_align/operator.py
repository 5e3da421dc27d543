"""The pooler of feature pyramids, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.multiscale_roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import MultiscaleRoiAlignCall
from .claims import MAIN_DIALECTS
from .draws import MultiscaleRoiAlignDraws
from .explanation import MultiscaleRoiAlignExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import MultiscaleRoiAlignOracle
from .probes import MultiscaleRoiAlignProbes
from .probes.footprint import footprint

OPERATOR = Operator(
    name="multiscale_roi_align",
    title="Multi-scale RoIAlign",
    prefix="MS",
    call=MultiscaleRoiAlignCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision",),
    oracle=MultiscaleRoiAlignOracle(),
    mutants=MUTANTS,
    blind={
        "ms-no-rois": "asks for the shape of an output without values",
        "ms-no-channels": "asks for the shape of an output without values",
        "ms-no-images": "asks for the shape of an output without values",
        "ms-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "ms-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=MultiscaleRoiAlignDraws(),
    probes=MultiscaleRoiAlignProbes(),
    footprint=footprint,
    explanation=MultiscaleRoiAlignExplanation,
)
