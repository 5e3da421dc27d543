"""A call of weighted RoIAlign, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...operation import Operation
from ..roi_align.call import RoiAlignCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedRoiAlignCall(RoiAlignCall):
    """One call of weighted RoIAlign, or of a gradient: what RoIAlign is asked for, and how much each pixel counts.

    A maximum is normalised by nothing, nor is a mean of SW-14 or SW-15.

    Attributes:
        weights: Of pixels: ``(N, M, H, W)`` or ``(N, H, W, M)`` as ``layout`` says, of the data type of ``input``. M is C, or 1
            if all channels have the same. May have any strides.
        normalise: Whether a bin is divided by the sum of its weights.
        guard: What becomes of a sum of 0: ``"zero"``, ``"add"``, ``"clamp"``, ``"none"``.
        epsilon: What ``"add"`` adds to the sum, and what ``"clamp"`` makes of a smaller one.
        p: The exponent of a power mean, ``mode="lp"``; of other modes 3.
        beta: The sharpness of a softmax, ``mode="softmax"``; of other modes 1.
        weights_of: ``"images"``; or ``"rois"``, of which each has weights of its own. Golden cases have as many images then as
            RoIs, so that the shape of the weights says nothing, and is the same.
    """

    operator: ClassVar[str] = "weighted_roi_align"
    axes: ClassVar[Mapping[str, str]] = {**RoiAlignCall.axes, "weights": "N M H W"}
    answers: ClassVar[Mapping[Operation, str]] = {**RoiAlignCall.answers, Operation.WEIGHT_GRADIENT: "N M H W"}

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
        return {
            **super(WeightedRoiAlignCall, cls).parameters_of(arguments),
            "normalise": arguments.get("normalise", False),
            "guard": arguments.get("guard", "zero"),
            "epsilon": float(arguments.get("epsilon", 1e-6)),
            "weights_of": arguments.get("weights_of", "images"),
            "p": float(arguments.get("p", 3)),
            "beta": float(arguments.get("beta", 1)),
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, spatial_scale, sampling_ratio, aligned`` of torchvision's RoIAlign, and by name weights and division."""
        given, mode = super(WeightedRoiAlignCall, self).plain_arguments()  # of slots there is a class made anew
        named: dict[str, Any] = {**mode, "normalise": self.normalise, "guard": self.guard, "epsilon": self.epsilon}
        named |= {"weights_of": self.weights_of} if self.weights_of != "images" else {}
        named |= {"p": self.p} if self.mode == "lp" else {}
        named |= {"beta": self.beta} if self.mode == "softmax" else {}
        return given, {"weights": self.weights, **named}


CALL = WeightedRoiAlignCall
