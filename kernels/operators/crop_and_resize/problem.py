"""What a call of crop_and_resize asks for."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

from ...calls import arguments
from ...calls.problem import Asked, Problem, common_parts
from ...dialects.crop_and_resize import (
    BILINEAR,
    DIALECTS,
    NEAREST,
    Dialect,
    Knot,
    LastPoint,
    NearestSlope,
    named_dialect,
)
from ...dtypes import name_of, wider

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

    from ...staging.gathering import Macros

DEFAULT = "roikit"
"""The dialect of calls that name none: TensorFlow's, but that the last point is at the corner of the box whatever the step was
rounded to, and gradients of boxes are derivatives."""

METHODS = (BILINEAR, NEAREST)

RULES: Macros = (("MODE", "avg"),)
"""Of every kernel: to what gathers and stages, a point is an average of one sample, whatever the method."""

_MOST_IMAGES = 2**24  # float32 holds every index up to here
_INDICES = ("int32", "int64")


@dataclass(frozen=True, slots=True, kw_only=True)
class CropAndResizeProblem(Problem):
    """The crops of some boxes.

    Attributes:
        method: ``"bilinear"`` or ``"nearest"``.
        extrapolation_value: Of points outside.
        dialect: The rules.
    """

    method: str
    extrapolation_value: float
    dialect: Dialect

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """What a call asks for, checked."""
        method, extrapolation_value = asked.options
        return cls(
            **common_parts(asked),
            method=arguments.choice("method", method, METHODS),
            extrapolation_value=_number("extrapolation_value", extrapolation_value),
            dialect=resolve_dialect(asked.dialect),
        )

    @property
    def samples(self) -> int:
        """What a point reads of a channel."""
        return 4 if self.method == BILINEAR else 1

    @property
    def fields(self) -> dict[str, Any]:
        """The numbers of a kernel's struct that say what is asked for."""
        rules = self.dialect
        return {
            **self.roi_fields,
            "extrapolation_value": self.extrapolation_value,
            "nearest": self.method == NEAREST,
            "last_at_corner": rules.last_point == LastPoint.CORNER,
            "slope_from_right": rules.knot == Knot.RIGHT,
            "slope_of_nearest": rules.nearest_slope == NearestSlope.BILINEAR,
        }


def asked_for(
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    boxes: int,
    crop_size: Any,
    method: Any,
    layout: Any,
    dialect: Any,
    extrapolation_value: Any = 0.0,
) -> Asked:
    """What a call asks for, unchecked."""
    options = (method, extrapolation_value)
    return Asked.of(dtype, (shape,), boxes, _size(crop_size), (1.0,), "avg", layout, dialect, options)


def _size(crop_size: Any) -> tuple[int, int]:
    height, width = (arguments.integer("crop_size", item) for item in arguments.pair("crop_size", crop_size))
    if height < 0 or width < 0 or height * width >= 2**31:
        raise ValueError(f"crop_size must not be negative, nor 2**31 points or more, but is ({height}, {width})")
    return height, width


def resolve_dialect(dialect: str | Dialect | None) -> Dialect:
    """The rules that ``dialect`` of `crop_and_resize` asks for."""
    if dialect is None:
        return DIALECTS[DEFAULT]
    rules = named_dialect(dialect) if isinstance(dialect, str) else dialect
    if not isinstance(rules, Dialect):
        raise TypeError(f"dialect must be a crop_and_resize.Dialect or the name of one, not {dialect!r}")
    return rules


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, Real) and value is not True and value is not False:
            return float(value)
    except OverflowError:
        pass
    raise TypeError(f"{name} must be a number that float64 holds, not {value!r}")


def rows_of(xp: ModuleType, boxes: Any, box_indices: Any, dtype: str, images: int) -> Any:
    """Boxes and their indices as kernels take them: ``(K, 5)`` rows ``[image, x1, y1, x2, y2]``, a copy of their own.

    Args:
        xp: The module that both must come from.
        boxes: ``(K, 4)`` rows ``[y1, x1, y2, x2]``.
        box_indices: ``(K,)`` int32 or int64.
        dtype: Name of the data type of the images.
        images: N.

    Raises:
        TypeError: one of them has a wrong type or data type.
        ValueError: one of them has a wrong shape, or there are more images than rows can name.
    """
    arguments.check_from(xp, "boxes", boxes)
    arguments.check_from(xp, "box_indices", box_indices)
    wide = wider(dtype)
    _require_dtype("boxes", boxes, tuple(dict.fromkeys((dtype, "float32"))))
    _require_dtype("box_indices", box_indices, _INDICES)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes must have shape (K, 4), rows [y1, x1, y2, x2], not {tuple(boxes.shape)}")
    if tuple(box_indices.shape) != (len(boxes),):
        raise ValueError(
            f"box_indices must have shape ({len(boxes)},), one for each box, not {tuple(box_indices.shape)}"
        )
    if wide == "float32" and images > _MOST_IMAGES:
        raise ValueError(f"there must be at most 2**24 images of {dtype}, not {images}")
    rows = xp.empty((len(boxes), 5), wide)
    rows[:, 0] = box_indices
    rows[:, 1::2] = boxes[:, 1::2]
    rows[:, 2::2] = boxes[:, 0::2]
    return rows


def _require_dtype(name: str, array: Any, allowed: tuple[str, ...]) -> None:
    if name_of(array.dtype) not in allowed:
        raise TypeError(f"{name} has data type {array.dtype}; it must be {' or '.join(allowed)}")
    if not array.dtype.isnative:
        raise TypeError(
            f"{name} is in foreign byte order; convert it with {name}.astype({name}.dtype.newbyteorder('='))"
        )


def check_apart(xp: ModuleType, out: Any, **others: Any) -> None:
    """Checks that ``out`` shares no memory with arrays that kernels get a copy of, which `rows_of` makes."""
    if out is None:
        return
    arguments.check_from(xp, "out", out)
    for name, other in others.items():
        if xp.may_share_memory(out, other):
            raise ValueError(f"out overlaps {name} in memory")
