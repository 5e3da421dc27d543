"""PSRoIAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.ps_roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import PsRoiAlignCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import PsRoiAlignDraws
from .explanation import PsRoiAlignExplanation
from .faults.mutants import MUTANTS
from .oracle.answers import PsRoiAlignOracle
from .probes import PsRoiAlignProbes
from .probes.footprint import footprint

OPERATOR = Operator(
    name="ps_roi_align",
    title="PSRoIAlign",
    prefix="PA",
    call=PsRoiAlignCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision",),
    oracle=PsRoiAlignOracle(),
    mutants=MUTANTS,
    blind={
        "pa-no-rois": "asks for the shape of an output without values",
        "pa-no-channels": "asks for the shape of an output without values",
        "pa-no-images": "asks for the shape of an output without values",
        "pa-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "pa-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=PsRoiAlignDraws(),
    probes=PsRoiAlignProbes(),
    footprint=footprint,
    published=Published(rules_of, claims),
    explanation=PsRoiAlignExplanation,
)
