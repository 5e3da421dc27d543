"""PrRoIPool, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.prroi_pool import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import PrRoiPoolCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import PrRoiPoolDraws
from .explanation import PrRoiPoolExplanation
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE
from .probes import PrRoiPoolProbes

OPERATOR = Operator(
    name="prroi_pool",
    title="PrRoIPool",
    prefix="PR",
    call=PrRoiPoolCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("mmcv",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "pr-no-rois": "asks for the shape of an output without values",
        "pr-no-channels": "asks for the shape of an output without values",
        "pr-no-images": "asks for the shape of an output without values",
        "pr-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "pr-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=PrRoiPoolDraws(),
    probes=PrRoiPoolProbes(),
    published=Published(rules_of, claims),
    explanation=PrRoiPoolExplanation,
)
