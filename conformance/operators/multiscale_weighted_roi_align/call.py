"""A call of weighted RoIAlign on a feature pyramid, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...operation import Operation
from ..multiscale_roi_align.call import MultiscaleRoiAlignCall
from ..weighted_roi_align.call import WeightedRoiAlignCall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedPyramidCall(MultiscaleRoiAlignCall):
    """One call, or one of a gradient: what one of `multiscale_roi_align` has, and how much each pixel counts.

    The scale of the first map is always given.

    Attributes:
        weights: Of pixels, those of all levels one below the other, as the maps lie: ``(N, M, H, W)`` or ``(N, H, W, M)`` as
            ``layout`` says, of the data type of ``input``. M is C, or 1 if all channels have the same. May have any strides.
        mode: ``"avg"``, ``"max"``, ``"lp"`` or ``"softmax"``.
        normalise, guard, epsilon, weights_of, p, beta: As a call of `weighted_roi_align` has them. Golden cases of weights of
            RoIs have as many images as RoIs.
    """

    operator: ClassVar[str] = "multiscale_weighted_roi_align"
    axes: ClassVar[Mapping[str, str]] = {**MultiscaleRoiAlignCall.axes, "weights": "N M H W"}
    answers: ClassVar[Mapping[Operation, str]] = {
        **MultiscaleRoiAlignCall.answers,
        Operation.WEIGHT_GRADIENT: "N M H W",
    }

    weights: np.ndarray
    normalise: bool = False
    guard: str = "zero"
    epsilon: float = 1e-6
    weights_of: str = "images"
    p: float = 3.0
    beta: float = 1.0

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        weighing = WeightedRoiAlignCall.parameters_of({"spatial_scale": (1, 1), **arguments})
        return {
            **super(WeightedPyramidCall, cls).parameters_of(arguments),  # of slots there is a class made anew
            **{name: weighing[name] for name in WEIGHING},
        }

    @property
    def weighing(self) -> dict[str, Any]:
        """How the call weighs, and what a bin makes of its samples, by names of parameters."""
        return {"mode": self.mode, **{name: getattr(self, name) for name in WEIGHING}}

    def joined_weights(self, weights: Sequence[np.ndarray]) -> np.ndarray:
        """An array as ``weights`` is, of those of all levels: 0 beside them."""
        array = np.zeros(self.weights.shape, weights[0].dtype)
        for level, values in zip(self.levels(array), weights, strict=True):
            level[...] = values
        return array


WEIGHING = ("normalise", "guard", "epsilon", "weights_of", "p", "beta")
"""Parameters that a pooler has not."""

CALL = WeightedPyramidCall
