"""crop_and_resize, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.crop_and_resize import DIALECTS
from ...operation import Operation
from ...operator import Operator, Published
from .call import CropAndResizeCall
from .claims import MAIN_DIALECTS, claims, rules_of
from .draws import CropAndResizeDraws
from .explanation import CropAndResizeExplanation
from .faults.gradient_mutants import GRADIENT_MUTANTS
from .faults.mutants import MUTANTS
from .oracle.face import CropAndResizeOracle
from .probes import CropAndResizeProbes

OPERATOR = Operator(
    name="crop_and_resize",
    title="crop_and_resize",
    prefix="CR",
    call=CropAndResizeCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("bilinear", "nearest"),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("tensorflow",),
    oracle=CropAndResizeOracle(),
    mutants=(*MUTANTS, *GRADIENT_MUTANTS),
    blind={
        "cr-no-boxes": "asks for the shape of an output without values",
        "cr-no-channels": "asks for the shape of an output without values",
        "cr-no-images": "asks for the shape of an output without values",
        "cr-no-points": "asks for the shape of an output without values",
        "cr-box-gradient-no-boxes": "asks for the shape of a gradient without values",
    },
    draws=CropAndResizeDraws(),
    probes=CropAndResizeProbes(),
    published=Published(rules_of, claims),
    explanation=CropAndResizeExplanation,
)
