"""Rotation-invariant RoIAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.riroi_align_rotated import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import RotationInvariantCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import RotationInvariantDraws
from .faults.mutants import GRADIENT_MUTANTS, MUTANTS
from .oracle.face import ORACLE

OPERATOR = Operator(
    name="riroi_align_rotated",
    title="Rotation-invariant RoIAlign",
    prefix="RI",
    call=RotationInvariantCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg",),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("roikit", "roikit-clockwise"),
    oracle=ORACLE,
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "ri-no-rois": "asks for the shape of an output without values",
        "ri-no-channels": "asks for the shape of an output without values",
        "ri-no-images": "asks for the shape of an output without values",
        "ri-gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "ri-box-gradient-no-rois": "asks for the shape of a gradient without values",
        "ri-gradient-whole-or-not": "rounding decides which channels of its one image get anything: nothing is expected of it",
    },
    draws=RotationInvariantDraws(),
    published=Published(rules_of, claims),
)
