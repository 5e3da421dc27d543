"""Turns what a user typed for ``roikit explain`` into a call. Mistakes end in a `UsageError` of one line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from .. import operators
from ..cases.selection import check_names
from ..errors import UsageError
from ..explanation import Walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..explanation import Explanation, Feature, Pair, Windows

_MOST_PIXELS = 4096  # along a side of the map
_MOST_BINS = 10**5  # along an axis
_NUMBER = re.compile(r"\s*[+-]?[\d.]{1,30}(/\d{1,30}|e[+-]?\d{1,2})?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed."""

    roi: str
    output_size: str
    map: str
    map_size: str | None
    channel: int
    spatial_scale: str
    sampling_ratio: str
    mode: str
    dialect: str
    against: str | None
    bin: str
    operator: str = operators.DEFAULT
    picture: Path | None = None
    run: Sequence[str] = ()
    output: Path | None = None


def read_call(request: Request) -> Walk:
    """The call that was asked for."""
    scale = _numbers("--spatial-scale", request.spatial_scale, 1, 2)
    if min(scale) <= 0:
        raise UsageError(f"--spatial-scale is positive, not {request.spatial_scale!r}")
    return Walk(
        box=_numbers("--roi", request.roi, 4),
        output_size=_whole("--output-size", request.output_size, (1, 1), (_MOST_BINS, _MOST_BINS)),
        spatial_scale=(scale[0], scale[-1]),
        sampling_ratio=_whole("--sampling-ratio", request.sampling_ratio, (0, 0), (_MOST_BINS, _MOST_BINS)),
        mode=request.mode,
        feature=_ramp(request) if request.map == "ramp" else _load(request),
    )


def read_bin(request: Request, call: Walk) -> Pair:
    """The chosen bin, (p, q)."""
    most = call.output_size[0] - 1, call.output_size[1] - 1
    return _whole("--bin", request.bin, (0, 0), most, counts=(2,))


def read_dialects(request: Request) -> tuple[str, ...]:
    """The names of one dialect or two."""
    names = [request.dialect] if request.against is None else [request.dialect, request.against]
    explaining = [each.name for each in operators.everyone() if each.explanation]
    check_names("operator that is explained", [request.operator], explaining)
    return check_names("dialect", names, list(operators.get(request.operator).dialects))


def explained(call: Walk, dialect: str, operator: str) -> Explanation:
    """A call step by step, under a dialect of an operator that explains itself."""
    explanation = operators.get(operator).explanation
    assert explanation is not None
    return explanation(call, dialect)


def beside(call: Walk) -> list[Windows]:
    """What operators that read whole pixels make of the call."""
    return [windows(call) for operator in operators.everyone() if (windows := operator.windows)]


def _numbers(option: str, text: str, *counts: int) -> tuple[Fraction, ...]:
    parts = re.split("[,x]", text)
    try:
        if len(parts) in counts and all(map(_NUMBER.fullmatch, parts)):
            return tuple(map(Fraction, map(str.strip, parts)))
    except (ValueError, ZeroDivisionError):
        pass
    raise UsageError(f"{option} takes {' or '.join(map(str, counts))} numbers with commas between, not {text!r}")


def _whole(option: str, text: str, least: Pair, most: Pair, counts: Sequence[int] = (1, 2)) -> Pair:
    """Whole numbers for y and x; a single one goes for both."""
    numbers = _numbers(option, text, *counts)
    pair = numbers[0], numbers[-1]
    for number, low, high in zip(pair, least, most, strict=True):
        if number.denominator > 1 or not low <= number <= high:
            raise UsageError(f"{option} takes whole numbers from {low} to {high}, not {text!r}")
    return int(pair[0]), int(pair[1])


def _ramp(request: Request) -> Feature:
    """F[y, x] = 10 y + x."""
    size = _whole("--map-size", request.map_size or "6x6", (1, 1), (_MOST_PIXELS, _MOST_PIXELS))
    return np.add.outer(10 * np.arange(size[0]), np.arange(size[1]))


def _load(request: Request) -> Feature:
    """One channel of the first image of a file."""
    name = f"--map {request.map!r}"
    if request.map_size:
        raise UsageError(f"{name} has a size of its own: leave out --map-size")
    try:
        array: Feature = np.lib.format.open_memmap(request.map, mode="r")
    except Exception as error:  # noqa: BLE001 - a file may be broken in any way
        raise UsageError(f"{name} cannot be read as .npy: {' '.join(str(error).split())}") from None
    if array.ndim not in (2, 3, 4) or array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise UsageError(f"{name} is {array.dtype} {array.shape}, not numbers (H, W), (C, H, W) or (N, C, H, W)")
    if not array.size or max(array.shape[-2:]) > _MOST_PIXELS:
        raise UsageError(f"{name} is {array.shape}: a side must have from 1 to {_MOST_PIXELS} pixels")
    channels = array[0] if array.ndim == 4 else array.reshape(-1, *array.shape[-2:])
    if request.channel >= len(channels):
        raise UsageError(f"--channel {request.channel}: {name} has {len(channels)}, counted from 0")
    feature = np.array(channels[request.channel])
    if not np.isfinite(feature).all():
        raise UsageError(f"{name} has a pixel that is not finite")
    return feature
