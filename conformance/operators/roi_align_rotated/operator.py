"""Rotated RoIAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.roi_align_rotated import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import RotatedCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import RotatedDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="roi_align_rotated",
    title="Rotated RoIAlign",
    prefix="RR",
    call=RotatedCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "rr-no-rois": "asks for the shape of an output without values",
        "rr-no-channels": "asks for the shape of an output without values",
        "rr-no-images": "asks for the shape of an output without values",
        "rr-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "rr-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=RotatedDraws(),
    published=Published(rules_of, claims),
)
