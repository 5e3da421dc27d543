"""RoIAlign of volumes, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.roi_align_3d import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import VolumeCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import VolumeDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="roi_align_3d",
    title="RoIAlign of volumes",
    prefix="RV",
    call=VolumeCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit", "roikit-aligned"),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "rv-no-rois": "asks for the shape of an output without values",
        "rv-no-channels": "asks for the shape of an output without values",
        "rv-no-images": "asks for the shape of an output without values",
        "rv-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "rv-box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    draws=VolumeDraws(),
    published=Published(rules_of, claims),
)
