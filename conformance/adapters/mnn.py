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

from ..call import Unsupported
from ..implementation import Description
from ..operation import Operation
from ._call import require_described
from ._script import OF_MAPS, Boxes, Script, each, for_modes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall


_ENDINGS = {
    Operation.FORWARD: {"gradient": ""},
    Operation.FEATURE_GRADIENT: {
        "gradient": "\n    True,  # the gradient, instead of the output\n    expr.convert(variable(grad), expr.NC4HW4),"
    },
}


class Mnn:
    """``MNN.expr.roi_align`` and ``roi_pooling``."""

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
            endings=_ENDINGS,
        ),
        "roi_pool": Script({"mnn": {}}, Boxes.ROWS, ("float32",), ("max",), operations=OF_MAPS, endings=_ENDINGS),
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
            operators={"roi_pool": self.scripts["roi_pool"].capability()},
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
        result = expr.roi_align(
            self._maps(call.input),
            self._variable(call.boxes),
            *call.output_size,
            call.single_scale(),
            call.single_sampling_ratio(),
            self.aligned[call.dialect],
            modes[call.mode],
            *self._gradient(call),
        )
        return np.array(expr.convert(result, expr.NCHW).read())

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function with copies of the arrays, and has the result in NCHW."""
        require_described(call, self._description)
        expr, maps, boxes = self._expr, self._maps(call.input), self._variable(call.boxes)
        result = expr.roi_pooling(maps, boxes, *call.output_size, call.single_scale(), *self._gradient(call))
        return np.array(expr.convert(result, expr.NCHW).read())

    def _gradient(self, call: RoiAlignCall | RoiPoolCall) -> tuple[Any, ...]:
        """The arguments that ask for a gradient; none if the call does not."""
        if call.operation == Operation.FORWARD:
            return ()
        assert call.grad is not None
        return True, self._maps(call.grad)

    def _maps(self, array: NDArray[Any]) -> Any:
        return self._expr.convert(self._variable(array), self._expr.NC4HW4)

    def _variable(self, array: NDArray[Any]) -> Any:
        return self._expr.const(np.ascontiguousarray(array), list(array.shape), self._expr.NCHW, self._expr.float)
