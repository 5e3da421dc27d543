"""What gradients are made of: what arrives over what bins are divided by, and that times their outputs (SW-6, SW-7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of, numpy_dtype, wider
from ...staging.box_gradient import BoxGradient, slope
from ...staging.gathering import Gradient, gather
from ...staging.pooling import pool
from ...staging.sampling import rule_macros
from . import means, pixels
from .forward import PLANNERS, blocks_per_multiprocessor
from .problem import (
    MODE,
    Call,
    SamplingProblem,
    Wanted,
    Weighing,
    WeightedRoiAlignProblem,
    check_weights,
    mean_of,
    rois_with_weights,
)

if TYPE_CHECKING:
    from enum import IntEnum
    from types import ModuleType

    from ...calls.problem import Asked, Problem
    from ...staging.gathering import Macros
    from .problem import Shapes, Where

Arrays = tuple[Any, ...]
"""One for each level."""


@dataclass(frozen=True)
class Sharing:
    """A gradient that is wanted, checked: its arrays, contiguous and in the type that is computed with, and its parameters.

    Attributes:
        xp: NumPy or CuPy.
        rows: Of boxes.
        weights: Of each level, as they are computed with.
        grad: Likewise.
        shapes: Of the maps of each level.
        call: All else.
    """

    xp: ModuleType
    rows: Any
    weights: Arrays
    grad: Any
    shapes: Shapes
    call: Call

    @classmethod
    def of(
        cls,
        xp: ModuleType,
        grad: Any,
        boxes: Any,
        weights: Arrays,
        shapes: Shapes,
        where: Where,
        mode: Any,
        p: Any,
        beta: Any,
        normalise: Any,
        guard: Any,
        epsilon: Any,
        weights_of: Any,
        layout: Any,
    ) -> Sharing:
        """The gradient of a call with these arguments.

        Raises:
            TypeError: an argument has a wrong type or data type.
            ValueError: an argument has a wrong shape or value.
        """
        arguments.check_from(xp, "grad", grad)
        arguments.check_feature_map(grad, "grad")
        rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shapes[0][0])
        channels = check_weights(xp, weights, grad.dtype, shapes, layout, rois_with_weights(weights_of, len(rows)))
        weighing = Weighing(normalise, guard, epsilon, channels, weights_of)
        bins, mean = bins_of(grad, layout), mean_of(mode, p, beta, grad.dtype)
        call = Call(len(rows), bins, where, mode, layout, weighing, mean)
        kind = means.PooledMeanProblem if mean else WeightedRoiAlignProblem
        problem = kind.of(call.weighed(grad.dtype, shapes))
        arguments.check_like(xp, "grad", grad, problem.output_shape, grad.dtype)
        if xp is not np:
            arguments.check_same_device(xp, grad, boxes=rows, **arguments.named("weights", weights))
        wide = tuple(pixels.widened(xp, array, layout) for array in weights)
        return cls(xp, rows, wide, pixels.widened(xp, grad, layout), shapes, call)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is computed with."""
        return numpy_dtype(wider(name_of(self.grad.dtype)))

    @property
    def is_of_rois(self) -> bool:
        """Whether each RoI has weights of its own."""
        return bool(self.call.weighing.weights_of == "rois")

    @property
    def normalises(self) -> bool:
        """Whether bins are divided by the sums of their weights."""
        return bool(self.call.weighing.normalise)

    def of_roi_align(self, shapes: Shapes | None = None) -> Asked:
        """RoIAlign on maps of these shapes, or of those of the call's."""
        return self.call.of_roi_align(self.dtype, shapes or self.shapes)

    def shares(self, maps: Arrays | None = None) -> Any:
        """What arrives over what bins are divided by, of the shape of the output; of means, which need maps, their numbers."""
        if self.call.mean:
            assert maps is not None
            return self._numbers_of_bins(self._widened(maps))
        # The maps are not read: where weights are of each channel they lie as the maps do.
        return self._pooled(self.weights, Wanted.SHARE) if self.normalises else self.grad

    def taken_by_bins(self, maps: Arrays) -> Any:
        """That times the output: what bins take away for their sums of weights; summed over channels where all have the same."""
        taken = self._pooled(self._widened(maps), Wanted.TAKEN)
        together = self.call.weighing.channels == 1
        return pixels.channels_added(self.xp, taken, self.call.layout) if together else taken

    def weighed(self, maps: Arrays, weights: Arrays) -> Arrays:
        """SW-2: of each level the products of pixels and weights as they are stored, in the type that is computed with."""
        both = zip(maps, weights, strict=True)
        return tuple(pixels.weighed(self.xp, *of_level, self.call.layout) for of_level in both)

    def compared(self, maps: Arrays | None, weights: Arrays) -> Arrays | None:
        """What samples are of, weighed maps; None of an average, which looks at none."""
        if self.call.mode == MODE:
            return None
        assert maps is not None
        return self.weighed(maps, weights)

    def sent(
        self, shares: Any, compared: Arrays | None = None, shapes: Shapes | None = None, *, check: bool = False
    ) -> Arrays:
        """What RoIAlign sends to maps of these shapes, or of those of the call's, in the type that is computed with."""
        if self.call.mean:
            return _sent_by_means(self, shares, compared, check=check)
        asked = self.of_roi_align(shapes)
        return gather(self.xp, OF_MAPS, shares, self.rows, asked, compared, None, None, check=check)

    def check(self, *, wanted: bool) -> None:
        """Raises for a RoI that cannot be pooled: on a CPU, and elsewhere if that is ``wanted``."""
        if wanted or self.xp is np:
            # Which boxes can be pooled does not hang on what is made of their samples.
            call = replace(self.call, mode=MODE, mean=None) if self.call.mean else self.call
            replace(self, call=call)._pooled(self.weights, Wanted.SHARE, check=wanted)  # noqa: SLF001

    def _widened(self, maps: Arrays) -> Arrays:
        return tuple(pixels.widened(self.xp, array, self.call.layout) for array in maps)

    def _numbers_of_bins(self, maps: Arrays) -> Any:
        """What gradients of means get of bins, one after the other, each of the shape of the output."""
        rois = len(self.rows)
        found = self.xp.empty((len(means.OF_GRADIENTS) * rois, *self.grad.shape[1:]), self.dtype)
        for n, wanted in enumerate(means.OF_GRADIENTS):
            self._pooled(maps, wanted, out=found[n * rois : (n + 1) * rois])
        return found

    def _pooled(self, maps: Arrays, wanted: IntEnum, *, out: Any = None, check: bool = False) -> Any:
        alike = (self.grad,) * len(maps)
        beside = arguments.named("weights", self.weights) | arguments.named("grad", alike)
        asked = self.call.weighed(self.dtype, self.shapes, wanted)
        planners = means.PLANNERS if self.call.mean else PLANNERS
        # Unless told otherwise, boxes that cannot be pooled are found by whoever is handed the result.
        return pool(self.xp, maps, self.rows, asked, planners, out=out, workspace=None, check=check, beside=beside)


def _macros(problem: Problem, mode: str) -> Macros:
    assert isinstance(problem, SamplingProblem)
    return rule_macros(problem.dialect.for_gradient(mode), mode)


OF_MAPS = Gradient(
    operator="weighted_roi_align",
    problem=SamplingProblem.of,
    macros=_macros,
    piece_bytes={4: 72, 8: 104}.__getitem__,
    blocks=blocks_per_multiprocessor,
)
OF_BOXES = BoxGradient(
    operator="weighted_roi_align",
    problem=SamplingProblem.of,
    macros=lambda problem: _macros(problem, problem.mode),
    neighbours=True,
)


def _with_room(sharing: Sharing) -> tuple[Any, Any, Asked]:
    """Rows for as many RoIs as there are numbers of bins, how many of these there are, and what is asked of them."""
    xp, rois = sharing.xp, len(sharing.rows)
    rows = xp.full((len(means.OF_GRADIENTS) * rois, sharing.rows.shape[1]), 0, sharing.rows.dtype)
    rows[:rois] = sharing.rows
    call = replace(sharing.call, rois=len(rows))
    return rows, xp.full(1, rois, np.int64), call.of_roi_align(sharing.dtype, sharing.shapes)


def _sent_by_means(sharing: Sharing, numbers: Any, products: Arrays | None, *, check: bool) -> Arrays:
    """What bins send to the pixels of weighed maps, in the type that is computed with."""
    rows, count, asked = _with_room(sharing)
    return gather(
        sharing.xp, means.OF_MAPS, numbers, rows, asked, products, None, None, check=check, num_rois=count
    )  # fmt: skip


def slope_of_means(sharing: Sharing, numbers: Any, products: Arrays, out: Any, *, check: bool) -> None:
    """Writes the gradient for boxes of weighed maps."""
    rows, count, asked = _with_room(sharing)
    found = slope(
        sharing.xp, means.OF_BOXES, numbers, products, rows, asked, out=None, check=check, num_rois=count
    )  # fmt: skip
    out[...] = found[: len(sharing.rows)]
