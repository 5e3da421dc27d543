"""RoIPool, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.roi_pool import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import RoiPoolCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import RoiPoolDraws
from .explanation import RoiPoolWindows
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE
from .probes import RoiPoolProbes

OPERATOR = Operator(
    name="roi_pool",
    title="RoIPool",
    prefix="RP",
    call=RoiPoolCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
    modes=("max", "avg"),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "rp-no-rois": "asks for the shape of an output without values",
        "rp-no-channels": "asks for the shape of an output without values",
        "rp-no-images": "asks for the shape of an output without values",
        "rp-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
    },
    draws=RoiPoolDraws(),
    probes=RoiPoolProbes(),
    published=Published(rules_of, claims),
    windows=RoiPoolWindows,
)
