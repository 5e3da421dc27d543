"""Deformable PSRoIPool, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.deform_ps_roi_pool import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import DeformedPsCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import DeformedPsDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="deform_ps_roi_pool",
    title="Deformable PSRoIPool",
    prefix="DQ",
    call=DeformedPsCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.OFFSET_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("mxnet",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "dq-no-rois": "asks for the shape of an output without values",
        "dq-no-channels": "asks for the shape of an output without values",
        "dq-no-images": "asks for the shape of an output without values",
        "dq-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "dq-offset-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=DeformedPsDraws(),
    published=Published(rules_of, claims),
)
