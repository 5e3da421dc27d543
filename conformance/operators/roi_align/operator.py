"""RoIAlign, as the harness knows it."""

from __future__ import annotations

from ....kernels.dialects.roi_align import DIALECTS
from ...operation import Operation
from ...operator import Operator
from .call import RoiAlignCall
from .contested import MAXIMUM
from .draws import RoiAlignDraws
from .explanation import RoiAlignExplanation
from .faults.arithmetic_mutants import ARITHMETIC_MUTANTS, GRADIENT_ARITHMETIC_MUTANTS
from .faults.corner_mutants import CORNER_MUTANTS
from .faults.gradient_mutants import GRADIENT_MUTANTS
from .faults.mutants import MUTANTS
from .oracle.answers import RoiAlignOracle
from .probes import RoiAlignProbes
from .probes.footprint import footprint
from .published import published

MAIN_DIALECTS = (
    "torchvision",
    "torchvision-aligned",
    "onnx-16",
    "mmcv",
    "openvino-half-pixel-for-nn",
    "opencv",
    "torchvision-python",
)

OPERATOR = Operator(
    name="roi_align",
    title="RoIAlign",
    prefix="RA",
    call=RoiAlignCall,
    operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
    modes=("avg", "max"),
    dialects=DIALECTS,
    main_dialects=MAIN_DIALECTS,
    function_dialects=("torchvision", "torchvision-aligned"),
    oracle=RoiAlignOracle(),
    mutants=(
        *MUTANTS,
        *ARITHMETIC_MUTANTS,
        *CORNER_MUTANTS,
        *GRADIENT_MUTANTS,
        *GRADIENT_ARITHMETIC_MUTANTS,
    ),
    blind={
        "pub-rten-no-boxes": "asks for the shape of an output without values",
        "no-rois": "asks for the shape of an output without values",
        "no-rois-max": "asks for the shape of an output without values",
        "no-channels": "asks for the shape of an output without values",
        "no-images": "asks for the shape of an output without values",
        "gradient-no-rois": "asks for zeros where nothing is sent: only what sends something all the same fails it",
        "box-gradient-no-rois": "asks for the shape of a gradient without values",
    },
    contested=(MAXIMUM,),
    draws=RoiAlignDraws(),
    probes=RoiAlignProbes(),
    footprint=footprint,
    published=published(MAIN_DIALECTS),
    explanation=RoiAlignExplanation,
)
