"""Chainer on a CPU: loops in Python.

Facts: ``chainer/functions/pooling/roi_average_align_2d.py`` and ``roi_max_align_2d.py`` of 7.8.1, and running them.

* There is no ``aligned``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of None, the default, for each axis on its own.
* Boxes are ``(K, 4)`` rows ``y1, x1, y2, x2`` in float32, like the maps; batch indices are int32.
* There is a gradient for the maps, none for the boxes.

Three functions pool whole pixels, in float16, float32 and float64: ``roi_pooling_2d``, with ``(K, 5)`` rows like Caffe's, and
``roi_max_pooling_2d`` and ``roi_average_pooling_2d``, with boxes as above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..call import Unsupported
from ..implementation import Description
from ..operation import Operation
from ._call import boxes_like_input, corners_and_indices, require_described
from ._script import FLOATS, OF_MAPS, Boxes, Script, finishes, for_modes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall


_ENDINGS = finishes("output = pooled.array", "pooled.grad = grad\npooled.backward()\noutput = maps.grad")
_APART = "boxes[:, [1, 0, 3, 2]], batch_indices.astype(np.int32), size"  # y1, x1, y2, x2
_POOLINGS = {
    "chainer": ("max", "roi_pooling_2d", "np.column_stack([batch_indices, boxes]).astype(boxes.dtype), *size"),
    "chainer-max": ("max", "roi_max_pooling_2d", _APART),
    "chainer-average": ("avg", "roi_average_pooling_2d", _APART),
}
"""Mode, function and, for scripts, arguments of each dialect of RoIPool."""


def _require_mode_of_dialect(call: RoiPoolCall) -> None:
    if call.mode != _POOLINGS[call.dialect][0]:
        raise Unsupported(f"mode {call.mode} of {_POOLINGS[call.dialect][1]}")


class Chainer:
    """``chainer.functions.roi_average_align_2d``, ``roi_max_align_2d``, and the three functions that pool whole pixels."""

    requires: ClassVar[tuple[str, ...]] = ("chainer",)
    install: ClassVar[str] = 'pip install "setuptools<81" "numpy<1.24" && pip install --no-build-isolation chainer'
    dialect: ClassVar[str] = "chainer"
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            {dialect: {}},
            Boxes.CORNERS,
            ("float32",),
            operations=OF_MAPS,
            spellings=for_modes("function", "average", "max"),
            endings=_ENDINGS,
        ),
        "roi_pool": Script(
            {name: {"function": function, "arguments": given} for name, (_, function, given) in _POOLINGS.items()},
            Boxes.CORNERS,
            FLOATS,
            operations=OF_MAPS,
            endings=_ENDINGS,
            require=_require_mode_of_dialect,
        ),
    }

    def __init__(self) -> None:
        import chainer

        functions = chainer.functions
        self._functions, self._variable = functions, chainer.Variable
        self._pools = {"avg": functions.roi_average_align_2d, "max": functions.roi_max_align_2d}
        self._description = Description(
            version=chainer.__version__,
            homepage="https://chainer.org",
            dialects=(self.dialect,),
            modes=("avg", "max"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            operators={"roi_pool": self.scripts["roi_pool"].capability()},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function of the mode."""
        require_described(call, self._description)
        corners, indices = corners_and_indices(call)
        maps = self._variable(call.input)
        ratio = tuple(g or None for g in call.sampling_ratio)
        pool, scale = self._pools[call.mode], call.single_scale()
        pooled = pool(maps, corners[:, [1, 0, 3, 2]], indices.astype(np.int32), call.output_size, scale, ratio)
        return self._answer(call, maps, pooled)

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function of the dialect, the original's with its rows of five numbers."""
        require_described(call, self._description)
        _require_mode_of_dialect(call)
        maps, scale = self._variable(call.input), call.single_scale()
        pool = getattr(self._functions, _POOLINGS[call.dialect][1])
        if call.dialect == "chainer":
            return self._answer(call, maps, pool(maps, boxes_like_input(call), *call.output_size, scale))
        corners, indices = corners_and_indices(call)
        pooled = pool(maps, corners[:, [1, 0, 3, 2]], indices.astype(np.int32), call.output_size, scale)
        return self._answer(call, maps, pooled)

    @staticmethod
    def _answer(call: RoiAlignCall | RoiPoolCall, maps: Any, pooled: Any) -> np.ndarray:
        """The array of what has been pooled, or of the gradient that goes backward from it."""
        if call.operation == Operation.FORWARD:
            output: np.ndarray = pooled.array
            return output
        pooled.grad = call.grad
        pooled.backward()
        gradient: np.ndarray = maps.grad
        return gradient
