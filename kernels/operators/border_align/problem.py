"""What a call of BorderAlign asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, Problem, common_parts
from ...dialects.border_align import DIALECTS, Dialect, named_dialect

if TYPE_CHECKING:
    import numpy as np

    from ...staging.gathering import Macros

MODE = "max"
"""What becomes of the points of a side."""

SIDES = 4
"""Top, left, bottom, right: a row of as many bins."""

MAX_POOL_SIZE = 1024
"""More parts of a side than this are refused: it would take longer than any use of it could be worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderAlignProblem(Problem):
    """BorderAlign of some boxes. ``channels`` are those of the output, and the maps have as many for each side.

    Attributes:
        pool_size: Into how many parts the points of a side divide it.
        boxes_of_image: How many boxes each image has, if the output is one of images, with their boxes; None if it is one of
            boxes.
        dialect: The rules.
    """

    pool_size: int
    boxes_of_image: int | None
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = _parts(asked)
        return cls(**{**parts, "channels": channels_of_output(parts["channels"])})

    @property
    def samples(self) -> int:
        """What a side reads of a channel."""
        return self.pool_size + 1

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        return {**self.roi_fields, "pool_size": self.pool_size, "boxes_of_image": self.boxes_of_image or 1}

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output, in the layout of the call."""
        return shape_of_output(self, self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientProblem(BorderAlignProblem):
    """The gradient of BorderAlign for the maps, whose ``channels`` these are."""

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        parts = _parts(asked)
        channels_of_output(parts["channels"])
        return cls(**parts)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what arrives at the output, in the layout of the call."""
        return shape_of_output(self, self.channels // SIDES)


def shape_of_output(problem: BorderAlignProblem, channels: int) -> tuple[int, ...]:
    """The shape of an output of so many channels: of images with their boxes, or of boxes."""
    boxes, last = problem.boxes_of_image, problem.layout == "NHWC"
    if boxes is not None:
        return (problem.images, boxes, SIDES, channels) if last else (problem.images, channels, boxes, SIDES)
    return (problem.rois, SIDES, channels) if last else (problem.rois, channels, SIDES)


def channels_of_output(channels: int) -> int:
    """How many channels the output has, of maps that have so many.

    Raises:
        ValueError: they have not as many for each side.
    """
    if channels % SIDES:
        raise ValueError(f"input must have as many channels for each of the 4 sides: a multiple of 4, not {channels}")
    return channels // SIDES


def _parts(asked: Asked) -> dict[str, Any]:
    pool_size, boxes_of_image = asked.options
    return {
        **common_parts(asked),
        "pool_size": resolve_pool_size(pool_size),
        "boxes_of_image": boxes_of_image,
        "dialect": resolve_dialect(asked.dialect),
    }


def resolve_pool_size(value: object) -> int:
    """``pool_size`` if it is a number of parts."""
    if isinstance(value, (tuple, list)):
        raise TypeError(f"pool_size must be one integer, not {value!r}")
    parts = arguments.integer("pool_size", value)
    if not 1 <= parts <= MAX_POOL_SIZE:
        raise ValueError(f"pool_size must be from 1 to {MAX_POOL_SIZE}, not {parts}")
    return parts


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    rois: int,
    boxes_of_image: int | None,
    pool_size: Any,
    layout: Any,
    dialect: Any,
) -> Asked:
    """What a call of BorderAlign asks for, unchecked; ``shape`` is that of the maps."""
    options = (pool_size, boxes_of_image)
    return Asked.of(dtype, (shape,), rois, (1, SIDES), (1.0,), MODE, layout, dialect, options)


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `border_align` asks for."""
    if dialect is None:
        return DIALECTS["roikit"]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a border_align.Dialect or the name of one, not {dialect!r}")
    return rules


def rules_of(problem: Problem) -> Macros:
    """The macros by which a kernel knows the rules of a problem."""
    assert isinstance(problem, BorderAlignProblem)
    return (("MODE", MODE), ("OFFSET", problem.dialect.offset), ("CHANNEL_ORDER", "bin_major"))
