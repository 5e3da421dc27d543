"""What ``roikit explain`` reads pixels from: a ramp, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UsageError
from .numbers import whole_numbers

if TYPE_CHECKING:
    from ..explanation import Feature

_MOST_PIXELS = 4096  # along a side of a map
_MOST_VOXELS = 256  # along one of a volume
_SHAPES = {2: "(H, W), (C, H, W) or (N, C, H, W)", 3: "(D, H, W), (C, D, H, W) or (N, C, D, H, W)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where pixels come from.

    Attributes:
        name, size: The ramp and its size, or a file, as typed.
        channel: Of the file.
        axes: Of a map: 2, or of a volume 3.
        orientations: How many channels are one feature; None of an operator that knows none.
    """

    name: str
    size: str | None
    channel: int
    axes: int
    orientations: int | None


def feature_of(source: Source) -> Feature:
    """The map of a channel, ``(H, W)``; a volume, ``(D, H, W)``; or the maps of all orientations of a feature, ``(O, H, W)``."""
    return _ramp(source) if source.name == "ramp" else _load(source)


def _most(axes: int) -> int:
    return _MOST_PIXELS if axes == 2 else _MOST_VOXELS


def _ramp(source: Source) -> Feature:
    """F[y, x] = 10 y + x; F[z, y, x] = 100 z + 10 y + x, of a volume and of the maps of orientations."""
    axes = source.axes
    size = whole_numbers("--map-size", source.size or "6", (1,) * axes, (_most(axes),) * axes)
    size = size if source.orientations is None else (source.orientations, *size)
    found: Feature = np.zeros(size, np.int64)
    for axis, pixels in enumerate(reversed(size)):
        found += (10**axis * np.arange(pixels)).reshape(-1, *[1] * axis)
    return found


def _load(source: Source) -> Feature:
    """One channel of the first image of a file, or all orientations of its feature."""
    name, axes, orientations = f"--map {source.name!r}", source.axes, source.orientations
    if source.size:
        raise UsageError(f"{name} has a size of its own: leave out --map-size")
    try:
        array: Feature = np.lib.format.open_memmap(source.name, mode="r")
    except Exception as error:  # noqa: BLE001 - a file may be broken in any way
        raise UsageError(f"{name} cannot be read as .npy: {' '.join(str(error).split())}") from None
    if array.ndim - axes not in (0, 1, 2) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise UsageError(f"{name} is {array.dtype} {array.shape}, not numbers {_SHAPES[axes]}")
    if not array.size or max(array.shape[-axes:]) > _most(axes):
        raise UsageError(f"{name} is {array.shape}: a side must have from 1 to {_most(axes)} pixels")
    channels = array[0] if array.ndim == axes + 2 else array.reshape(-1, *array.shape[-axes:])
    if source.channel >= len(channels):
        raise UsageError(f"--channel {source.channel}: {name} has {len(channels)}, counted from 0")
    feature = np.array(channels[source.channel])
    if orientations is not None:
        if len(channels) % orientations:
            raise UsageError(f"--orientations {orientations}: {name} has {len(channels)} channels, no multiple of that")
        first = source.channel - source.channel % orientations
        feature = np.array(channels[first : first + orientations])
    if not np.isfinite(feature).all():
        raise UsageError(f"{name} has a pixel that is not finite")
    return feature
