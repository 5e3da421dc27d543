"""What a call of weighted RoIAlign asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias, get_args

import numpy as np

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.roi_align import DIALECTS, Dialect, named_dialect
from ...dialects.weighted_roi_align import Guard
from ...dtypes import name_of, wider

if TYPE_CHECKING:
    from types import ModuleType

    from ...calls.levels import Levels

MODE = "avg"
"""What becomes of the samples of a bin, if calls do not say; and what kernels are compiled as that see no samples."""

WeightedMode: TypeAlias = Literal["avg", "max", "lp", "softmax"]
"""What a bin makes of its samples."""

WEIGHTED_MODES: tuple[WeightedMode, ...] = get_args(WeightedMode)

P, BETA = 3.0, 1.0
"""The parameters of means, if calls do not say."""

GUARDS = tuple(Guard)
"""In the order of ``cuda/weighted_roi_align/weights.cuh``."""

WeightsOf: TypeAlias = Literal["images", "rois"]
"""What weights are of: the first axis of their shape."""

WEIGHTS_OF: tuple[str, ...] = get_args(WeightsOf)

Shapes: TypeAlias = tuple[tuple[int, ...], ...]
"""Of the maps of each level."""


class Mean(NamedTuple):
    """What a bin makes of its samples that is neither their sum nor one of them (SW-14, SW-15).

    Attributes:
        name: ``"lp"`` or ``"softmax"``.
        parameter: p, or beta.
    """

    name: str
    parameter: float


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
        return cls(**parts_of(asked))


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
        parts, weighing = parts_of(asked), Weighing(*options).checked()
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


def parts_of(asked: Asked) -> dict[str, Any]:
    """The attributes of `SamplingProblem`, checked."""
    ratio_y, ratio_x, aligned, *_ = asked.options
    return {
        **common_parts(asked),
        "sampling": sampling_ratio_pair((ratio_y, ratio_x)),
        "dialect": resolve_dialect(asked.dialect, aligned=aligned),
    }


class Where(NamedTuple):
    """Where boxes lie and how they are sampled, as a call is given it.

    Attributes:
        spatial_scales: Of each level; the one of a call with one map.
        sampling_ratio, aligned: As they were given.
        dialect: That of RoIAlign; None: ``aligned`` says.
        levels: How the level of a RoI is chosen; None if there is one.
    """

    spatial_scales: tuple[Any, ...]
    sampling_ratio: Any
    aligned: Any
    dialect: Any
    levels: Levels | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a call asks for but for its maps, unchecked: what its parts are asked for by."""

    rois: int
    output_size: Any
    where: Where
    mode: Any
    layout: Any
    weighing: Weighing
    mean: Mean | None = None

    def of_roi_align(self, dtype: np.dtype[Any], shapes: Shapes) -> Asked:
        """RoIAlign on maps of these shapes, in the layout of the call; or what means ask of it."""
        return self._asked(dtype, shapes, self.mean or ())

    def weighed(self, dtype: np.dtype[Any], shapes: Shapes, wanted: IntEnum = Wanted.OUTPUT) -> Asked:
        """Weighted RoIAlign on such maps."""
        return self._asked(dtype, shapes, (*self.weighing.options, wanted, *(self.mean or ())))

    def _asked(self, dtype: np.dtype[Any], shapes: Shapes, options: tuple[Any, ...]) -> Asked:
        scales, sampling_ratio, aligned, dialect, levels = self.where
        mode = MODE if self.mean else self.mode  # of means all samples count, as of averages
        return Asked.of(
            dtype, tuple(map(tuple, shapes)), self.rois, self.output_size, scales, mode, self.layout, dialect,
            (*arguments.pair("sampling_ratio", sampling_ratio), aligned, *options), levels,
        )  # fmt: skip


def mean_of(mode: object, p: object, beta: object, dtype: np.dtype[Any]) -> Mean | None:
    """The mean that a call on maps of a data type asks for; None if it asks for a sum, or a maximum.

    Raises:
        TypeError: a parameter is no number.
        ValueError: there is no such mode, it has no such parameter, or that is out of range.
    """
    name = arguments.choice("mode", mode, WEIGHTED_MODES)
    given = {"p": _parameter("p", p), "beta": _parameter("beta", beta)}
    for parameter, usual, of in (("p", P, "lp"), ("beta", BETA, "softmax")):
        if given[parameter] != usual and name != of:
            raise ValueError(f'{parameter} is of mode="{of}" alone; mode={name!r} has none')
    if name == "lp":
        if not given["p"] >= 1:
            raise ValueError(f"p must be 1 or greater, not {p!r}")
        return Mean(name, _computed_with("p", given["p"], dtype))
    return Mean(name, _computed_with("beta", given["beta"], dtype)) if name == "softmax" else None


def _parameter(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {value!r}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, not {value!r}")
    return number


def _computed_with(name: str, value: float, dtype: np.dtype[Any]) -> float:
    """A parameter, if it is finite in the type that maps of a data type are computed with."""
    wide = wider(name_of(dtype))
    if abs(value) > float(np.finfo(wide).max):
        raise ValueError(f"{name} must be finite in {wide}, in which {name_of(dtype)} is computed with, not {value!r}")
    return value


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
    xp: ModuleType, weights: tuple[Any, ...], dtype: Any, shapes: Shapes, layout: object, rois: int | None = None
) -> int:
    """How many channels the weights of maps of this data type and shapes have, or of so many ``rois``: as many, or one for all.

    Raises:
        TypeError: they come from elsewhere, or are of another data type.
        ValueError: there are not as many as levels, they are of another shape, or some have one channel and others more.
    """
    if len(weights) != len(shapes):
        raise ValueError(f"weights has {len(weights)} arrays for {len(shapes)} levels")
    channels = [
        _check_weights(xp, name, array, dtype, shape, layout, rois)
        for (name, array), shape in zip(arguments.named("weights", weights).items(), shapes, strict=True)
    ]
    if len(set(channels)) > 1:
        raise ValueError(f"weights of all levels must have as many channels; they have {', '.join(map(str, channels))}")
    return channels[0]


def _check_weights(
    xp: ModuleType, name: str, weights: Any, dtype: Any, shape: tuple[int, ...], layout: object, rois: int | None
) -> int:
    """How many channels those of a level have."""
    arguments.check_from(xp, name, weights)
    if weights.dtype != dtype:
        raise TypeError(f"{name} has data type {weights.dtype}; it must be {name_of(dtype)}, that of input")
    channels = 3 if layout == "NHWC" else 1
    shape = shape if rois is None else (rois, *shape[1:])
    one = tuple(1 if axis == channels else size for axis, size in enumerate(shape))
    if tuple(weights.shape) not in (one, tuple(shape)):
        of = "" if rois is None else " with weights_of='rois'"
        raise ValueError(f"{name} must have shape {one} or {tuple(shape)}{of}, not {tuple(weights.shape)}")
    return int(weights.shape[channels])
