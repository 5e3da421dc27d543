"""PSRoIAlign on feature pyramids, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import PsPyramidCall
from .claims import MAIN_DIALECTS
from .draws import PsPyramidDraws
from .explanation import PsPyramidExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import PsPyramidOracle
from .probes import PsPyramidProbes
from .probes.footprint import footprint

OPERATOR = Operator(
    name="multiscale_ps_roi_align",
    title="Multi-scale PSRoIAlign",
    prefix="MP",
    call=PsPyramidCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit",),
    oracle=PsPyramidOracle(),
    mutants=MUTANTS,
    blind={
        "mp-no-rois": "asks for the shape of an output without values",
        "mp-no-channels": "asks for the shape of an output without values",
        "mp-no-images": "asks for the shape of an output without values",
        "mp-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "mp-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=PsPyramidDraws(),
    probes=PsPyramidProbes(),
    footprint=footprint,
    explanation=PsPyramidExplanation,
)
