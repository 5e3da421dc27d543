"""Calls: the arrays and parameters of an operator, with their axes, and what can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

DTYPES = ("float16", "bfloat16", "float32", "float64")

LAYOUTS = ("NCHW", "NHWC")


class Unsupported(Exception):  # noqa: N818 - a statement, not an error
    """Raised by an adapter when its library offers no way to make this call. The message says what is missing."""


MAP_GRADIENTS = (Operation.FEATURE_GRADIENT, Operation.WEIGHT_GRADIENT)
"""Gradients for what belongs to images: RoIs add to it, and one that cannot be pooled adds nothing."""

_CHANNELS = ("C", "M")
"""Axes of channels: those of maps, and those of weights, which may have one for all channels of the maps."""


def axes_in(axes: str, layout: str) -> str:
    """``"N C H W"`` in the order that a layout has: channels go last in NHWC. Axes without channels stay."""
    names = axes.split()
    return " ".join(sorted(names, key=_CHANNELS.__contains__) if layout == "NHWC" else names)


def to_layout(array: np.ndarray, axes: str, layout: str) -> np.ndarray:
    """A view of an array, whose axes are in the order of case files, in the order of a layout."""
    if array.ndim != len(axes.split()):
        return array
    before, after = axes.split(), axes_in(axes, layout).split()
    return array.transpose([before.index(name) for name in after])


def from_layout(array: np.ndarray, axes: str, layout: str) -> np.ndarray:
    """A view of an array in a layout, in the order of case files."""
    if array.ndim != len(axes.split()):
        return array
    before, after = axes_in(axes, layout).split(), axes.split()
    return array.transpose([before.index(name) for name in after])


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operator, or of a gradient of it. Each operator has a subclass, with its arrays and parameters as fields.

    Attributes:
        operation: What is asked for.
        layout: ``"NCHW"`` or ``"NHWC"``, of all arrays that have channels.
        dialect: The named dialect whose result is wanted: one of those that the adapter describes.
    """

    operator: ClassVar[str]
    """The name of the operator, and of the method of an adapter that takes the call."""
    axes: ClassVar[Mapping[str, str]]
    """For each array that is an argument its axes, in the order of case files: ``{"input": "N C H W", "boxes": "K 5"}``."""
    answers: ClassVar[Mapping[Operation, str]]
    """For each operation the axes of what is returned."""
    sizes: ClassVar[Mapping[str, str]] = {"output_size": "P_h P_w"}
    """For each parameter that is a pair of sizes the axes that have them."""
    plain_modes: ClassVar[tuple[str, ...]] = ("avg",)
    """The modes of a plain function that has no argument ``mode``."""
    coordinates: ClassVar[tuple[str, ...]] = ("boxes",)
    """Arrays of coordinates: float32 where the maps have 16 bits, otherwise of their data type."""

    operation: Operation = Operation.FORWARD
    layout: str
    dialect: str

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case, as fields have them."""
        raise NotImplementedError

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What a plain function with torchvision's signature gets after maps and boxes: by position, and by name."""
        raise NotImplementedError

    @classmethod
    def row_length(cls, name: str) -> int:
        """How many numbers a row of an array has: 5 of boxes that are an image and two corners."""
        return int(cls.axes[name].split()[-1])

    @classmethod
    def received(cls, message: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """The call that a message of the protocol asks for."""
        names = {known.name for known in fields(cls)} - set(arrays)
        given: dict[str, Any] = {key: value for key, value in message.items() if key in names}
        pairs = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
        operation = Operation(message.get("operation", Operation.FORWARD))
        return cls(**{**given, **pairs, **arrays, "operation": operation})

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that are given, by name."""
        return {name: array for name in self.axes if (array := getattr(self, name)) is not None}

    def parameters(self) -> dict[str, Any]:
        """All else, by name."""
        return {known.name: getattr(self, known.name) for known in fields(self) if known.name not in self.axes}

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        extents: dict[str, int] = {}
        for name, array in self.arrays().items():
            names = axes_in(self.axes[name], self.layout).split()
            if array.ndim != len(names):
                return None
            extents |= dict(zip(names, array.shape, strict=True))
        for name, axes in self.sizes.items():
            extents |= dict(zip(axes.split(), getattr(self, name), strict=True))
        return _shape(axes_in(self.answers[self.operation], self.layout), extents)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files; a sparse map is one image."""
        extents: dict[str, int] = {}
        for name, axes in cls.axes.items():
            value = arguments.get(name)
            if isinstance(value, dict):
                extents |= dict(zip(axes.split(), value["shape"], strict=True))
            elif value is not None:
                extents[axes.split()[0]] = len(value)
        for name, axes in cls.sizes.items():
            extents |= dict(zip(axes.split(), arguments[name], strict=True))
        shape = _shape(cls.answers[operation], extents)
        assert shape is not None
        return shape


def _shape(axes: str, extents: Mapping[str, int]) -> tuple[int, ...] | None:
    shape = tuple(int(name) if name.isdecimal() else extents[name] for name in axes.split())
    return shape if min(shape, default=0) >= 0 else None
