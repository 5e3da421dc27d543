"""What gradients are made of: what arrives over what bins are divided by, and that times their outputs (SW-6, SW-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...calls import arguments
from ...calls.problem import bins_of
from ...dtypes import name_of, numpy_dtype, wider
from ...staging.box_gradient import BoxGradient
from ...staging.gathering import Gradient, gather
from ...staging.pooling import pool
from ...staging.sampling import rule_macros
from . import pixels
from .forward import PLANNERS, blocks_per_multiprocessor
from .problem import (
    Call,
    SamplingProblem,
    Wanted,
    Weighing,
    WeightedRoiAlignProblem,
    check_weights,
    rois_with_weights,
)

if TYPE_CHECKING:
    from types import ModuleType

    from ...calls.problem import Asked, Problem
    from ...staging.gathering import Macros


@dataclass(frozen=True)
class Sharing:
    """A gradient that is wanted, checked: its arrays, contiguous and in the type that is computed with, and its parameters.

    Attributes:
        xp: NumPy or CuPy.
        rows: Of boxes.
        weights, grad: As they are computed with.
        shape: Of the maps.
        call: All else.
    """

    xp: ModuleType
    rows: Any
    weights: Any
    grad: Any
    shape: tuple[int, ...]
    call: Call

    @classmethod
    def of(
        cls,
        xp: ModuleType,
        grad: Any,
        boxes: Any,
        weights: Any,
        shape: tuple[int, ...],
        spatial_scale: Any,
        sampling_ratio: Any,
        aligned: Any,
        mode: Any,
        normalise: Any,
        guard: Any,
        epsilon: Any,
        weights_of: Any,
        layout: Any,
        dialect: Any,
    ) -> Sharing:
        """The gradient of a call with these arguments.

        Raises:
            TypeError: an argument has a wrong type or data type.
            ValueError: an argument has a wrong shape or value.
        """
        arguments.check_from(xp, "grad", grad)
        arguments.check_feature_map(grad, "grad")
        rows = arguments.box_rows(xp, boxes, name_of(grad.dtype), shape[0])
        channels = check_weights(xp, weights, grad.dtype, shape, layout, rois_with_weights(weights_of, len(rows)))
        weighing = Weighing(normalise, guard, epsilon, channels, weights_of)
        bins = bins_of(grad, layout)
        call = Call(len(rows), bins, spatial_scale, sampling_ratio, aligned, mode, layout, dialect, weighing)
        problem = WeightedRoiAlignProblem.of(call.weighed(grad.dtype, shape))
        arguments.check_like(xp, "grad", grad, problem.output_shape, grad.dtype)
        if xp is not np:
            arguments.check_same_device(xp, grad, boxes=rows, weights=weights)
        return cls(xp, rows, pixels.widened(xp, weights, layout), pixels.widened(xp, grad, layout), shape, call)

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

    def of_roi_align(self, shape: tuple[int, ...] | None = None) -> Asked:
        """RoIAlign on maps of this shape, or of that of the call's."""
        return self.call.of_roi_align(self.dtype, shape or self.shape)

    def shares(self) -> Any:
        """What arrives over what bins are divided by, of the shape of the output."""
        # The maps are not read: where weights are of each channel they lie as the maps do.
        return self._pooled(self.weights, Wanted.SHARE) if self.normalises else self.grad

    def taken_by_bins(self, maps: Any) -> Any:
        """That times the output: what bins take away for their sums of weights; summed over channels where all have the same."""
        taken = self._pooled(pixels.widened(self.xp, maps, self.call.layout), Wanted.TAKEN)
        together = self.call.weighing.channels == 1
        return pixels.channels_added(self.xp, taken, self.call.layout) if together else taken

    def compared(self, maps: Any, weights: Any) -> tuple[Any] | None:
        """What a maximum is of, products of pixels and weights as they are stored; None of an average, which compares nothing."""
        return (pixels.weighed(self.xp, maps, weights, self.call.layout),) if self.call.mode == "max" else None

    def sent(
        self, shares: Any, compared: Any = None, shape: tuple[int, ...] | None = None, *, check: bool = False
    ) -> Any:
        """What RoIAlign sends to maps of this shape, or of that of the call's, in the type that is computed with."""
        asked = self.of_roi_align(shape)
        (sent,) = gather(self.xp, OF_MAPS, shares, self.rows, asked, compared, None, None, check=check)
        return sent

    def check(self, *, wanted: bool) -> None:
        """Raises for a RoI that cannot be pooled: on a CPU, and elsewhere if that is ``wanted``."""
        if wanted or self.xp is np:
            self._pooled(self.weights, Wanted.SHARE, check=wanted)

    def _pooled(self, maps: Any, wanted: Wanted, *, check: bool = False) -> Any:
        beside = {"weights": self.weights, "grad": self.grad}
        asked = self.call.weighed(self.dtype, self.shape, wanted)
        # Unless told otherwise, boxes that cannot be pooled are found by whoever is handed the result.
        return pool(self.xp, (maps,), self.rows, asked, PLANNERS, out=None, workspace=None, check=check, beside=beside)


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
