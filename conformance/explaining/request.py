"""Turns what a user typed for ``roikit explain`` into a call. Mistakes end in a `UsageError` of one line."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operators
from ..cases.selection import check_names
from ..errors import UsageError
from ..explanation import Walk
from ..operation import Operation
from .feature import Source, feature_of
from .numbers import for_each, numbers_of, whole_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..call import Call
    from ..exact.numbers import Array
    from ..explanation import Bin, Explanation, Windows

_MOST_BINS = 10**5  # along an axis
_MOST_ORIENTATIONS = 360
_OF_PI = re.compile(r"\s*([+-]?)(\d{1,9})?\*?(?:pi|π)(?:/(\d{1,9}))?\s*", re.IGNORECASE)
_PI = Fraction("3.14159265358979323846264338327950288419716939937510")
_OPTIONS = {
    "output_size": "--output-size",
    "spatial_scale": "--spatial-scale",
    "sampling_ratio": "--sampling-ratio",
    "offset": "--offset",
    "parts": "--parts",
    "gamma": "--gamma",
    "pool_size": "--pool-size",
    "num_orientations": "--orientations",
    "extrapolation_value": "--extrapolation-value",
}
"""What gives the arguments that only some operators take, by the names that calls have for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed; what is empty is what the operator has by default."""

    roi: str
    output_size: str = "2"
    map: str = "ramp"
    map_size: str | None = None
    channel: int = 0
    spatial_scale: str = "1"
    sampling_ratio: str = "0"
    mode: str = ""
    dialect: str = ""
    against: str | None = None
    bin: str = ""
    offset: str = "-1,-0.5;1,-1;-0.5,1;1.5,0.5"
    parts: str = ""
    gamma: str = "0.1"
    pool_size: str = "4"
    num_orientations: str = "8"
    extrapolation_value: str = "0"
    operator: str = operators.DEFAULT
    picture: Path | None = None
    run: Sequence[str] = ()
    output: Path | None = None


BESIDE = ("offset", "parts", "gamma", "pool_size", "num_orientations", "extrapolation_value")
"""Arguments that a file has only if they were given: those of operators that came later."""

DEFAULTS = {field.name: field.default for field in fields(Request)}
"""What arguments are if they are not given."""


def settled(request: Request) -> Request:
    """The request with what its operator has by default, where nothing is asked for.

    Raises:
        UsageError: no such operator is explained, or it takes no such argument.
    """
    explaining = [each.name for each in operators.everyone() if each.explanation]
    kind_of_name = "operator that is explained"
    if request.operator in operators.NAMES and request.operator not in explaining:  # which is like the name of another
        raise UsageError(f"no {kind_of_name} is called {request.operator!r}: there are {', '.join(explaining)}")
    check_names(kind_of_name, [request.operator], explaining)
    operator, kind = operators.get(request.operator), operators.call_type(request.operator)
    taken = {field.name for field in fields(kind)}
    taken |= {"parts"} if "T_h" in kind.axes.get("offset", "") else set()
    for name, option in _OPTIONS.items():
        if name not in taken and getattr(request, name) != DEFAULTS[name]:
            raise UsageError(f"{operator.title} takes no {option}: leave it out")
    mode = request.mode or operator.modes[0]
    if mode not in operator.modes:
        raise UsageError(f"{operator.title} has no --mode {mode}: there is {' and '.join(operator.modes)}")
    axes = kind.answers[Operation.FORWARD].split()[2:]
    return replace(
        request,
        mode=mode,
        dialect=request.dialect or operator.function_dialects[0],
        bin=request.bin or ",".join("0" * len(axes)),
    )


def read_call(request: Request) -> Walk:
    """The call that was asked for."""
    kind = operators.call_type(request.operator)
    axes = len(kind.axes["input"].split()) - 2
    scale = numbers_of("--spatial-scale", request.spatial_scale, 1, axes)
    if min(scale) <= 0:
        raise UsageError(f"--spatial-scale is positive, not {request.spatial_scale!r}")
    bins = whole_numbers("--output-size", request.output_size, (1,) * axes, (_MOST_BINS,) * axes)
    more = _more(request, kind, bins)
    source = Source(
        name=request.map, size=request.map_size, channel=request.channel, axes=axes, orientations=more.get("num_orientations")
    )  # fmt: skip
    return Walk(
        box=_box(request, kind),
        output_size=bins,
        spatial_scale=for_each(scale, axes),
        sampling_ratio=whole_numbers("--sampling-ratio", request.sampling_ratio, (0,) * axes, (_MOST_BINS,) * axes),
        mode=request.mode,
        feature=feature_of(source),
        more=more,
    )


def read_bin(request: Request, call: Walk) -> Bin:
    """The chosen bin, (p, q), or what else numbers the output has."""
    axes = operators.call_type(request.operator).answers[Operation.FORWARD].split()[2:]
    sizes = iter(call.output_size)
    most = tuple((int(name) if name.isdecimal() else next(sizes)) - 1 for name in axes)
    return whole_numbers("--bin", request.bin, (0,) * len(most), most, counts=(len(most),))


def read_dialects(request: Request) -> tuple[str, ...]:
    """The names of one dialect or two."""
    names = [request.dialect] if request.against is None else [request.dialect, request.against]
    return check_names("dialect", names, list(operators.get(request.operator).dialects))


def explained(call: Walk, dialect: str, operator: str) -> Explanation:
    """A call step by step, under a dialect of an operator that explains itself."""
    explanation = operators.get(operator).explanation
    assert explanation is not None
    return explanation(call, dialect)


def beside(call: Walk) -> list[Windows]:
    """What operators that read whole pixels make of the call."""
    return [windows(call) for operator in operators.everyone() if (windows := operator.windows)]


# ---- arguments -------------------------------------------------------------------------------------------------------


def _box(request: Request, kind: type[Call]) -> tuple[Fraction, ...]:
    """The numbers of a row of boxes. An angle may be a part of π, and is the number of float64 that is nearest."""
    count = kind.row_length("boxes") - 1
    names = getattr(kind, "corners", "").split(", ")
    parts, angle = request.roi.split(","), Fraction(0)
    if names[-1] == "angle" and len(parts) == count:
        *parts, last = parts
        angle = _angle(last)
        parts.append("0")
    numbers = numbers_of(
        "--roi", ",".join(parts), count, about=f": {', '.join(names)}" if names[0] else "", said=request.roi
    )
    return (*numbers[:-1], angle) if names[-1] == "angle" else numbers


def _angle(text: str) -> Fraction:
    if not (found := _OF_PI.fullmatch(text)):
        (number,) = numbers_of("--roi, for its angle,", text, 1)
        return Fraction(float(number))
    sign, times, over = found.groups()
    if over is not None and not int(over):
        raise UsageError(f"--roi, for its angle, takes a number, or a part of pi such as pi/6, not {text!r}")
    exact = _PI * int(times or 1) / int(over or 1) * (-1 if sign == "-" else 1)
    return Fraction(float(exact))


def _more(request: Request, kind: type[Call], bins: Bin) -> dict[str, Any]:
    """What else the operator takes."""
    taken, more = {field.name for field in fields(kind)}, dict[str, Any]()
    if "offset" in taken:
        more["offset"] = _offsets(request, kind, bins)
        (more["gamma"],) = numbers_of("--gamma", request.gamma, 1)
    if "pool_size" in taken:
        (more["pool_size"],) = whole_numbers("--pool-size", request.pool_size, (1,), (_MOST_BINS,))
    if "num_orientations" in taken:
        (count,) = whole_numbers("--orientations", request.num_orientations, (1,), (_MOST_ORIENTATIONS,))
        more["num_orientations"], more["orientation"] = count, request.channel % count
    if "extrapolation_value" in taken:
        (more["extrapolation_value"],) = numbers_of("--extrapolation-value", request.extrapolation_value, 1)
    return more


def _offsets(request: Request, kind: type[Call], bins: Bin) -> Array | None:
    """Of bins, or of parts: ``(2, …)``, first those along x; what is given begins again where it ends."""
    size = bins
    if "T_h" in kind.axes["offset"] and request.parts:
        size = whole_numbers("--parts", request.parts, (1, 1), (_MOST_BINS, _MOST_BINS))
    if request.offset.strip() == "none":
        return None
    given = [numbers_of("--offset", each, 2, about=", d_x and d_y, or none") for each in request.offset.split(";")]
    count = size[0] * size[1]
    if count > _MOST_BINS:
        raise UsageError(f"{count} offsets are too many: at most {_MOST_BINS}")
    found: Array = np.array(list(islice(cycle(given), count)), object)
    return found.reshape(*size, 2).transpose(2, 0, 1)
