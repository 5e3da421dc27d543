"""The maps of a feature pyramid, one for each level, as a call is given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import arguments
from .problem import axes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


def checked_maps(inputs: Sequence[Any], layout: str) -> tuple[ModuleType, tuple[Any, ...]]:
    """The module that the maps come from, and the maps.

    Raises:
        TypeError: they are no maps, or not all of one kind.
        ValueError: there are none, or they do not go together.
    """
    maps = tuple(inputs)
    if not maps:
        raise ValueError("inputs must be the maps of at least one level")
    xp = arguments.array_namespace("inputs[0]", maps[0])
    for i, array in enumerate(maps):
        if arguments.array_namespace(f"inputs[{i}]", array) is not xp:
            raise TypeError(f"inputs[{i}] must come from {xp.__name__}, as inputs[0] does")
        arguments.check_feature_map(array, f"inputs[{i}]")
        if array.dtype != maps[0].dtype:
            raise TypeError(f"inputs[{i}] has data type {array.dtype}, but inputs[0] has {maps[0].dtype}")
    if xp.__name__ == "cupy":
        arguments.check_same_device(xp, maps[0], **arguments.named("inputs", maps))
    check_together([array.shape for array in maps], layout)
    return xp, maps


def checked_shapes(input_shapes: Sequence[Sequence[int]], layout: str, **given: Any) -> list[tuple[int, ...]]:
    """The shapes of maps, of which others are ``given`` by name, one for each level or None.

    Raises:
        TypeError: they are no shapes.
        ValueError: there are none, they do not go together, or there are not as many of what is given.
    """
    shapes = [arguments.shape_of_maps("input_shapes", shape) for shape in input_shapes]
    check_together(shapes, layout)
    for name, arrays in given.items():
        if arrays is not None and len(arrays) != len(shapes):
            raise ValueError(f"{name} has {len(arrays)} arrays for {len(shapes)} levels")
    return shapes


def check_together(shapes: Sequence[tuple[int, ...]], layout: str) -> None:
    """Checks that maps of these shapes may be the levels of a pyramid.

    Raises:
        ValueError: they may not.
    """
    channel, _, _ = axes_of(layout)
    if not shapes:
        raise ValueError("there must be at least one level")
    if len({(shape[0], shape[channel]) for shape in shapes}) > 1:
        raise ValueError(
            f"maps of all levels must have the same N and C; their shapes are {', '.join(map(str, shapes))}"
        )


def scale_pairs(spatial_scales: Sequence[Any], levels: int) -> list[tuple[Any, Any]]:
    """The scales along y and x of each level, unchecked.

    Raises:
        ValueError: there are not as many as levels.
    """
    if len(spatial_scales) != levels:
        raise ValueError(f"there are {len(spatial_scales)} spatial_scales for {levels} levels")
    return [arguments.pair("spatial_scales", scale) for scale in spatial_scales]
