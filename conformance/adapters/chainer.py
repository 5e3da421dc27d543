"""Chainer on a CPU: loops in Python.

Facts: ``chainer/functions/pooling/roi_average_align_2d.py`` and ``roi_max_align_2d.py`` of 7.8.1, and running them.

* There is no ``aligned``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of None, the default, for each axis on its own.
* Boxes are ``(K, 4)`` rows ``y1, x1, y2, x2`` in float32, like the maps; batch indices are int32.
* There is a gradient for the maps, none for the boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..implementation import Description
from ..operator import Operation
from ._call import corners_and_indices, require_described
from ._script import OF_MAPS, Boxes, Script, finishes, for_modes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.roi_align.call import RoiAlignCall


class Chainer:
    """``chainer.functions.roi_average_align_2d`` and ``roi_max_align_2d``."""

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
            endings=finishes("output = pooled.array", "pooled.grad = grad\npooled.backward()\noutput = maps.grad"),
        )
    }

    def __init__(self) -> None:
        import chainer

        functions = chainer.functions
        self._variable = chainer.Variable
        self._pools = {"avg": functions.roi_average_align_2d, "max": functions.roi_max_align_2d}
        self._description = Description(
            version=chainer.__version__,
            homepage="https://chainer.org",
            dialects=(self.dialect,),
            modes=("avg", "max"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
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
        if call.operation == Operation.FORWARD:
            output: np.ndarray = pooled.array
            return output
        pooled.grad = call.grad
        pooled.backward()
        gradient: np.ndarray = maps.grad
        return gradient
