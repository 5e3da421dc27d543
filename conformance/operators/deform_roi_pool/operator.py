"""Deformable RoI pooling, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.deform_roi_pool import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import DeformedCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import DeformedDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="deform_roi_pool",
    title="Deformable RoI pooling",
    prefix="DP",
    call=DeformedCall,
    operations=(
        Operation.FORWARD,
        Operation.FEATURE_GRADIENT,
        Operation.OFFSET_GRADIENT,
        Operation.BOX_GRADIENT,
    ),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("mmcv",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "dp-no-rois": "asks for the shape of an output without values",
        "dp-no-channels": "asks for the shape of an output without values",
        "dp-no-images": "asks for the shape of an output without values",
        "dp-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "dp-offset-gradient-no-rois": "asks for the shape of a gradient without values",
        "dp-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=DeformedDraws(),
    published=Published(rules_of, claims),
)
