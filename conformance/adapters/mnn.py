"""MNN's CPU backend.

Facts: ``MNN.expr.roi_align`` of 3.6.1, its doc string, and running it.

* ``aligned`` is an argument without default.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0 or less.
* Boxes are ``(K, 5)`` in float32, like the maps, which are in the layout NC4HW4.
* The function has a gradient for the maps: ``output_grad=True`` makes it return that instead of the output. For a maximum
  it prints that this is not supported, and the process dies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Description
from ..operator import Operation, Unsupported
from ._call import require_described
from ._script import OF_MAPS, Boxes, Script, each, for_modes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ..operators.roi_align.call import RoiAlignCall


class Mnn:
    """``MNN.expr.roi_align``."""

    requires: ClassVar[tuple[str, ...]] = ("MNN",)
    install: ClassVar[str] = "pip install MNN"
    aligned: ClassVar[dict[str, bool]] = {"mnn": False, "mnn-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned),
            Boxes.ROWS,
            ("float32",),
            operations=OF_MAPS,
            spellings=for_modes("pooling", "AVEPOOL", "MAXPOOL"),
            endings={
                Operation.FORWARD: {"gradient": ""},
                Operation.FEATURE_GRADIENT: {
                    "gradient": "\n    True,  # the gradient, instead of the output\n"
                    "    expr.convert(variable(grad), expr.NC4HW4),"
                },
            },
        )
    }

    def __init__(self) -> None:
        import MNN

        self._expr = MNN.expr
        self._description = Description(
            version=MNN.version(),
            homepage="https://github.com/alibaba/MNN",
            dialects=tuple(self.aligned),
            modes=("avg", "max"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function with copies of the arrays, and has the result in NCHW."""
        require_described(call, self._description)
        if call.operation == Operation.FEATURE_GRADIENT and call.mode == "max":
            raise Unsupported("the gradient of a maximum")
        expr = self._expr
        modes = {"avg": expr.Pooling_Mode.AVEPOOL, "max": expr.Pooling_Mode.MAXPOOL}
        gradient: tuple[Any, ...] = ()
        if call.operation == Operation.FEATURE_GRADIENT:
            assert call.grad is not None
            gradient = (True, expr.convert(self._variable(call.grad), expr.NC4HW4))
        result = expr.roi_align(
            expr.convert(self._variable(call.input), expr.NC4HW4),
            self._variable(call.boxes),
            *call.output_size,
            call.single_scale(),
            call.single_sampling_ratio(),
            self.aligned[call.dialect],
            modes[call.mode],
            *gradient,
        )
        return np.array(expr.convert(result, expr.NCHW).read())

    def _variable(self, array: NDArray[Any]) -> Any:
        return self._expr.const(np.ascontiguousarray(array), list(array.shape), self._expr.NCHW, self._expr.float)
