"""PSRoIPool, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.ps_roi_pool import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import PsRoiPoolCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import PsRoiPoolDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE
from .probes import PsRoiPoolProbes

OPERATOR = Operator(
    name="ps_roi_pool",
    title="PSRoIPool",
    prefix="PP",
    call=PsRoiPoolCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision",),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "pp-no-rois": "asks for the shape of an output without values",
        "pp-no-channels": "asks for the shape of an output without values",
        "pp-no-images": "asks for the shape of an output without values",
        "pp-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
    },
    draws=PsRoiPoolDraws(),
    probes=PsRoiPoolProbes(),
    published=Published(rules_of, claims),
)
