"""What a call of deformable PSRoIPool asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, common_parts
from ...calls.sampling import SampledProblem, sampling_ratio_pair
from ...dialects.deform_ps_roi_pool import DIALECTS, Dialect, named_dialect
from ...staging.rows import BOX_NUMBERS

if TYPE_CHECKING:
    from types import ModuleType

    from ...calls.problem import Problem
    from ...staging.gathering import Macros

MODE = "avg"
"""What becomes of the samples of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformedPsProblem(SampledProblem):
    """Deformable PSRoIPool of some RoIs. ``channels`` are those of the output, and the maps have as many for each group.

    Attributes:
        groups: ``(G_h, G_w)``.
        classes: Of channels of the output.
        parts: ``(T_h, T_w)``, each with an offset for each class.
        gamma: By how much of the size of a RoI an offset of 1 moves a bin.
        moves: Whether there are offsets.
        dialect: The rules.
    """

    groups: tuple[int, int]
    classes: int
    parts: tuple[int, int]
    gamma: float
    moves: bool
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts, channels = _parts(asked)
        return cls(**{**parts, "channels": channels})

    @property
    def offset_shape(self) -> tuple[int, ...]:
        """Of the offsets, whatever the layout."""
        return self.rois, 2 * self.classes, *self.parts

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        sampled = super(DeformedPsProblem, self).fields  # of slots there is a class made anew
        offsets = math.prod(self.offset_shape[1:]) if self.moves else 0
        return {
            **sampled,
            "groups_y": self.groups[0],
            "groups_x": self.groups[1],
            "parts_y": self.parts[0],
            "parts_x": self.parts[1],
            "classes": self.classes,
            "row_numbers": BOX_NUMBERS + offsets,
            "gamma": self.gamma,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientProblem(DeformedPsProblem):
    """The gradient of deformable PSRoIPool for the maps, whose ``channels`` these are."""

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        return cls(**_parts(asked)[0])

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what arrives at the output, in the layout of the call."""
        channels = self.channels // math.prod(self.groups)
        return (self.rois, channels, *self.bins) if self.layout == "NCHW" else (self.rois, *self.bins, channels)


def _parts(asked: Asked) -> tuple[dict[str, Any], int]:
    """The attributes of a problem, with the channels of the maps; and how many the output has."""
    ratio_y, ratio_x, group_y, group_x, numbers, part_y, part_x, gamma, moves = asked.options
    common = common_parts(asked)
    groups = _group_size(common["bins"] if group_y is None else (group_y, group_x), given=group_y is not None)
    channels = channels_of(common["channels"], groups)
    classes = classes_of(numbers, channels)
    if moves and min(part_y, part_x) < 1:
        raise ValueError("offset must have a part at least, along each axis")
    found = {
        **common,
        "sampling": _ratio((ratio_y, ratio_x)),
        "groups": groups,
        "classes": classes,
        "parts": (part_y, part_x),
        "gamma": _gamma(gamma),
        "moves": moves,
        "dialect": resolve_dialect(asked.dialect),
    }
    return found, channels


def asked_for(
    dtype: Any, shape: tuple[int, ...], rois: int, output_size: Any, scale: Any, sampling_ratio: Any, offset: Any, gamma: Any,
    group_size: Any, layout: Any, dialect: Any,
) -> Asked:  # fmt: skip
    """What a call of deformable PSRoIPool asks for, unchecked, but for the number of axes of offsets."""
    numbers, *parts = (2, 1, 1) if offset is None else map(int, offset.shape[1:])
    groups = (None, None) if group_size is None else arguments.pair("group_size", group_size)
    ratio = arguments.pair("sampling_ratio", sampling_ratio)
    options = (*ratio, *groups, numbers, *parts, gamma, offset is not None)
    return Asked.of(dtype, (tuple(shape),), rois, output_size, (scale,), MODE, layout, dialect, options)


def check_offset(xp: ModuleType, offset: Any) -> None:
    """Checks that offsets, if there are any, come from ``xp`` and have four axes.

    Raises:
        TypeError: they come from elsewhere, or are no numbers that are known.
        ValueError: they have other axes.
    """
    if offset is not None:
        arguments.check_from(xp, "offset", offset)
        arguments.check_feature_map(offset, "offset")


def channels_of(channels: int, groups: tuple[int, int]) -> int:
    """How many channels the output has, of maps that have so many.

    Raises:
        ValueError: they have not as many for each group.
    """
    count = max(1, math.prod(groups))
    if channels % count:
        raise ValueError(
            f"input must have as many channels for each of the {groups[0]} x {groups[1]} groups: a multiple of {count}, not "
            f"{channels}"
        )
    return channels // count


def classes_of(numbers: int, channels: int) -> int:
    """How many classes of channels there are, of which offsets have so many ``numbers`` for each part.

    Raises:
        ValueError: they have none, or not two for each class, or the channels of the output have not as many for each.
    """
    if numbers < 2 or numbers % 2:
        raise ValueError(f"offset must have two numbers for each class and part, not {numbers} for all classes")
    if channels % (numbers // 2):
        raise ValueError(
            f"offset has {numbers // 2} classes, but the output has {channels} channels: not as many for each"
        )
    return numbers // 2


def _group_size(value: Any, *, given: bool) -> tuple[int, int]:
    y, x = (arguments.integer("group_size", item) for item in value)
    if given and min(y, x) < 1:
        raise ValueError(f"group_size must be at least 1, not {min(y, x)}")
    return y, x


def _ratio(value: Any) -> tuple[int, int]:
    ratio = sampling_ratio_pair(value)
    if min(ratio) < 1:
        raise ValueError(f"sampling_ratio must be at least 1, not {value[0] if ratio[0] < 1 else value[1]}")
    return ratio


def _gamma(gamma: object) -> float:
    """``gamma``, a finite number."""
    if isinstance(gamma, bool) or not isinstance(gamma, Real):
        raise TypeError(f"gamma must be a number, not {gamma!r}")
    if not math.isfinite(gamma):
        raise ValueError(f"gamma must be finite, not {gamma!r}")
    return float(gamma)


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `deform_ps_roi_pool` asks for."""
    if dialect is None:
        return DIALECTS["roikit"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a deform_ps_roi_pool.Dialect or the name of one, not {dialect!r}")
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of what a problem pools."""
    assert isinstance(problem, DeformedPsProblem)
    return (("MODE", MODE), ("PART", problem.dialect.part))
