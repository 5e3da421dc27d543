"""BorderAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.border_align import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import BorderAlignCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import BorderAlignDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="border_align",
    title="BorderAlign",
    prefix="BA",
    call=BorderAlignCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("max",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "ba-no-rois": "asks for the shape of an output without values",
        "ba-no-channels": "asks for the shape of an output without values",
        "ba-no-images": "asks for the shape of an output without values",
        "ba-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "ba-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=BorderAlignDraws(),
    published=Published(rules_of, claims),
)
