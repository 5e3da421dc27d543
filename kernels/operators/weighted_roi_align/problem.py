"""What a call of weighted RoIAlign asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, get_args

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.roi_align import DIALECTS, Dialect, named_dialect
from ...dialects.weighted_roi_align import Guard
from ...dtypes import name_of

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

MODE = "avg"
"""What becomes of the samples of a bin, if calls do not say; and what kernels are compiled as that see no samples."""

GUARDS = tuple(Guard)
"""In the order of ``cuda/weighted_roi_align/weights.cuh``."""

WeightsOf: TypeAlias = Literal["images", "rois"]
"""What weights are of: the first axis of their shape."""

WEIGHTS_OF: tuple[str, ...] = get_args(WeightsOf)


class Wanted(IntEnum):
    """What a kernel that pools writes for each bin, in the order of ``cuda/weighted_roi_align/forward.cu``."""

    OUTPUT = 0
    SHARE = 1
    """What arrives at it, over what it is divided by."""
    TAKEN = 2
    """That times the output, where the divisor depends on weights."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """How a call weighs.

    Attributes:
        normalise: Whether bins are divided by the sums of their weights.
        guard: What becomes of sums of 0.
        epsilon: What is added to a sum, or its least value.
        channels: Of the weights: 1, or those of the maps.
        weights_of: Whether there are some for each image, or for each RoI.
    """

    normalise: Any
    guard: Any
    epsilon: Any
    channels: int
    weights_of: Any = "images"

    @property
    def options(self) -> tuple[Any, ...]:
        """All of it, as a call is asked for."""
        return self.normalise, self.guard, self.epsilon, self.channels, self.weights_of

    def checked(self) -> Weighing:
        """The same, of the right types.

        Raises:
            TypeError: an argument has a wrong type.
            ValueError: an argument has a wrong value.
        """
        normalise = arguments.truth("normalise", self.normalise)
        guard = arguments.choice("guard", self.guard, GUARDS)
        if isinstance(self.epsilon, bool) or not isinstance(self.epsilon, Real):
            raise TypeError(f"epsilon must be a number, not {self.epsilon!r}")
        epsilon = float(self.epsilon)
        if not (math.isfinite(epsilon) and epsilon > 0):
            raise ValueError(f"epsilon must be finite and greater than 0, not {self.epsilon!r}")
        of = arguments.choice("weights_of", self.weights_of, WEIGHTS_OF)
        return Weighing(normalise, guard, epsilon, self.channels, of)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingProblem(SampledProblem):
    """What weighted RoIAlign asks of RoIAlign: its gradients, of maps that are weighed and of shares.

    Attributes:
        dialect: The rules.
    """

    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        return cls(**_parts(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedRoiAlignProblem(SamplingProblem):
    """Weighted RoIAlign of some RoIs, or a part of its gradients.

    Attributes:
        weighing: How it weighs.
        wanted: What is written for each bin.
    """

    weighing: Weighing
    wanted: Wanted

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        *options, wanted = asked.options[3:]
        parts, weighing = _parts(asked), Weighing(*options).checked()
        if weighing.normalise and parts["mode"] == "max":
            raise ValueError(
                'normalise=True divides sums, and mode="max" has none: leave normalise out, or ask for mode="avg"'
            )
        return cls(**parts, weighing=weighing, wanted=wanted)

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        weighing = self.weighing
        return {
            **super(WeightedRoiAlignProblem, self).fields,  # of slots there is a class made anew
            "weight_channels": weighing.channels,
            "epsilon": weighing.epsilon,
            "normalise": int(weighing.normalise),
            "guard": GUARDS.index(weighing.guard),
            "of_rois": int(weighing.weights_of == "rois"),
            "wanted": int(self.wanted),
        }


def _parts(asked: Asked) -> dict[str, Any]:
    ratio_y, ratio_x, aligned, *_ = asked.options
    return {
        **common_parts(asked),
        "sampling": sampling_ratio_pair((ratio_y, ratio_x)),
        "dialect": resolve_dialect(asked.dialect, aligned=aligned),
    }


@dataclass(frozen=True, slots=True)
class Call:
    """What a call asks for but for its maps, unchecked: what its parts are asked for by."""

    rois: int
    output_size: Any
    spatial_scale: Any
    sampling_ratio: Any
    aligned: Any
    mode: Any
    layout: Any
    dialect: Any
    weighing: Weighing

    def of_roi_align(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Asked:
        """RoIAlign on maps of this shape, in the layout of the call."""
        return self._asked(dtype, shape, ())

    def weighed(self, dtype: np.dtype[Any], shape: tuple[int, ...], wanted: Wanted = Wanted.OUTPUT) -> Asked:
        """Weighted RoIAlign on such maps."""
        return self._asked(dtype, shape, (*self.weighing.options, wanted))

    def _asked(self, dtype: np.dtype[Any], shape: tuple[int, ...], options: tuple[Any, ...]) -> Asked:
        sampling = (*arguments.pair("sampling_ratio", self.sampling_ratio), self.aligned)
        return Asked.of(
            dtype, (tuple(shape),), self.rois, self.output_size, (self.spatial_scale,), self.mode, self.layout, self.dialect,
            (*sampling, *options),
        )  # fmt: skip


def resolve_dialect(dialect: str | Dialect | None, *, aligned: object) -> Dialect:
    """The rules that ``dialect`` and ``aligned`` of `weighted_roi_align` ask for."""
    aligned = arguments.truth("aligned", aligned)
    if dialect is None:
        return DIALECTS["torchvision-aligned" if aligned else "torchvision"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a roi_align.Dialect or the name of one, not {dialect!r}")
    if aligned:
        raise ValueError(
            f"aligned=True goes with no dialect, and dialect={dialect!r} says itself whether boxes are shifted"
        )
    return rules


def rois_with_weights(weights_of: object, rois: int) -> int | None:
    """How many RoIs have weights, of so many; None if images have.

    Raises:
        ValueError: ``weights_of`` names neither.
    """
    return rois if arguments.choice("weights_of", weights_of, WEIGHTS_OF) == "rois" else None


def check_weights(
    xp: ModuleType, weights: Any, dtype: Any, shape: tuple[int, ...], layout: object, rois: int | None = None
) -> int:
    """How many channels the weights of maps of this data type and shape have, or of so many ``rois``: as many, or one for all.

    Raises:
        TypeError: they come from elsewhere, or are of another data type.
        ValueError: they are of another shape.
    """
    arguments.check_from(xp, "weights", weights)
    if weights.dtype != dtype:
        raise TypeError(f"weights has data type {weights.dtype}; it must be {name_of(dtype)}, that of input")
    channels = 3 if layout == "NHWC" else 1
    shape = shape if rois is None else (rois, *shape[1:])
    one = tuple(1 if axis == channels else size for axis, size in enumerate(shape))
    if tuple(weights.shape) not in (one, tuple(shape)):
        of = "" if rois is None else " with weights_of='rois'"
        raise ValueError(f"weights must have shape {one} or {tuple(shape)}{of}, not {tuple(weights.shape)}")
    return int(weights.shape[channels])
