"""What ``roikit explain`` reads pixels from: a ramp, or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError
from .numbers import whole_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..call import Call
    from ..explanation import Feature
    from .request import Request

_MOST_PIXELS = 4096  # along a side of a map
_MOST_VOXELS = 256  # along one of a volume
_SHAPES = {2: "(H, W), (C, H, W) or (N, C, H, W)", 3: "(D, H, W), (C, D, H, W) or (N, C, D, H, W)"}


def feature_of(request: Request, kind: type[Call], more: Mapping[str, Any]) -> Feature:
    """The map of a channel, ``(H, W)``; a volume, ``(D, H, W)``; or the maps of all orientations of a feature, ``(O, H, W)``."""
    axes, orientations = len(kind.axes["input"].split()) - 2, more.get("num_orientations")
    return _ramp(request, axes, orientations) if request.map == "ramp" else _load(request, axes, orientations)


def _most(axes: int) -> int:
    return _MOST_PIXELS if axes == 2 else _MOST_VOXELS


def _ramp(request: Request, axes: int, orientations: int | None) -> Feature:
    """F[y, x] = 10 y + x; F[z, y, x] = 100 z + 10 y + x, of a volume and of the maps of orientations."""
    size = whole_numbers("--map-size", request.map_size or "6", (1,) * axes, (_most(axes),) * axes)
    size = size if orientations is None else (orientations, *size)
    found: Feature = np.zeros(size, np.int64)
    for axis, pixels in enumerate(reversed(size)):
        found += (10**axis * np.arange(pixels)).reshape(-1, *[1] * axis)
    return found


def _load(request: Request, axes: int, orientations: int | None) -> Feature:
    """One channel of the first image of a file, or all orientations of its feature."""
    name, most = f"--map {request.map!r}", _most(axes)
    if request.map_size:
        raise UsageError(f"{name} has a size of its own: leave out --map-size")
    try:
        array: Feature = np.lib.format.open_memmap(request.map, mode="r")
    except Exception as error:  # noqa: BLE001 - a file may be broken in any way
        raise UsageError(f"{name} cannot be read as .npy: {' '.join(str(error).split())}") from None
    if array.ndim - axes not in (0, 1, 2) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise UsageError(f"{name} is {array.dtype} {array.shape}, not numbers {_SHAPES[axes]}")
    if not array.size or max(array.shape[-axes:]) > most:
        raise UsageError(f"{name} is {array.shape}: a side must have from 1 to {most} pixels")
    channels = array[0] if array.ndim == axes + 2 else array.reshape(-1, *array.shape[-axes:])
    if request.channel >= len(channels):
        raise UsageError(f"--channel {request.channel}: {name} has {len(channels)}, counted from 0")
    feature = np.array(channels[request.channel])
    if orientations is not None:
        if len(channels) % orientations:
            raise UsageError(f"--orientations {orientations}: {name} has {len(channels)} channels, no multiple of that")
        first = request.channel - request.channel % orientations
        feature = np.array(channels[first : first + orientations])
    if not np.isfinite(feature).all():
        raise UsageError(f"{name} has a pixel that is not finite")
    return feature
