"""The arrays of a script: as literals, enlarged as a case enlarges them, and in the memory that it asks for.

A script takes nothing from roikit. So what `enlarging` and `arranging` do is said here again, in NumPy that a reader of an issue
tracker understands, and only what the case needs of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..arranging import BESIDE
from ..arrays import leaves
from ..call import MAP_GRADIENTS
from ..enlarging import MULTIPLES
from ..operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from ..cases.case import Case

_ARRANGING = {
    "fortran": "{it} = np.asfortranarray({it})",
    "swapped": "{it} = np.ascontiguousarray({it}.swapaxes(-1, -2)).swapaxes(-1, -2)",
    "sliced": """around = np.full((*{it}.shape[:-1], 2 * {it}.shape[-1] + 1), {beside}, {it}.dtype)
around[..., 1::2] = {it}
{it} = around[..., 1::2]""",
    "stepped": """around = np.full((2 * len({it}) + 1, *(size + 1 for size in {it}.shape[1:])), {beside}, {it}.dtype)
around[1::2{rows}] = {it}
{it} = around[1::2{rows}]""",
    "reversed": "{it} = np.flip(np.flip({it}).copy())",
    "shifted": """around = np.append(np.array([{beside}], {it}.dtype), {it})
{it} = around[1:].reshape({it}.shape)""",
    "read-only": "{it}.flags.writeable = False",
    "expanded": "{it} = np.broadcast_to({it}[{firsts}].copy(), {it}.shape)",
    "misaligned": """around = np.zeros({it}.nbytes + 1, np.uint8)
around[1:] = {it}.reshape(-1).view(np.uint8)
{it} = around[1:].view({it}.dtype).reshape({it}.shape)""",
    "foreign": "{it} = {it}.astype({it}.dtype.newbyteorder())",
}
MEANING = {
    "fortran": "the first axis runs fastest",
    "swapped": "the last two axes are exchanged in memory",
    "sliced": "every second element of the last axis of another array",
    "stepped": "every second element of the first axis of another array",
    "reversed": "all strides are negative",
    "shifted": "begins one element after the beginning of memory",
    "read-only": "nobody may write to it",
    "expanded": "stride 0 where all elements are equal",
    "misaligned": "begins one byte after the beginning of memory",
    "foreign": "the other byte order",
}
"""In a few words how an array lies in memory."""


# ---- literals --------------------------------------------------------------------------------------------------------


def _number(value: Any) -> str:
    """A number of a case file as Python; None is a bound that is not there."""
    if value is None:
        return "np.inf"
    if isinstance(value, bool | int | float):
        return repr(value)
    number = float("nan" if value == "nonfinite" else value)
    if math.isnan(number):
        return "np.nan"
    return repr(number) if math.isfinite(number) else f"{'-' * (number < 0)}np.inf"


def _row(numbers: Iterable[Any]) -> str:
    return ", ".join(map(_number, numbers))


def array(values: Any, shape: Sequence[int], dtype: str = "") -> str:
    """An expression for an array: a line of text for each row of ``values``, or for each pair of factors of a product."""
    kind = f", {dtype}" if dtype else ""
    if isinstance(values, float):
        return f"np.full({tuple(shape)}, {values!r}{kind})"
    if isinstance(values, dict):
        return _product(values["outer"], shape, kind)
    numbers = list(leaves(values))
    if not numbers:
        return f"np.zeros({tuple(shape)}{kind})"
    rows = [_row(numbers[i : i + shape[-1]]) for i in range(0, len(numbers), shape[-1])]
    if len(shape) == 1:
        return f"np.array([{rows[0]}]{kind})"
    text = "".join(f"    [{row}],\n" for row in rows)
    reshape = f".reshape{tuple(shape)}" if len(shape) > 2 else ""
    return f"np.array([\n{text}]{kind}){reshape}"


def maps(data: Mapping[str, Any], dtype: str) -> str:
    """An expression for ``input`` or ``grad``."""
    return array(data if "outer" in data else data["rows"], data["shape"], dtype)


def _product(planes: Sequence[Sequence[Any]], shape: Sequence[int], kind: str) -> str:
    sizes = shape[-2:]
    text = "".join(f"    ({', '.join(map(_factors, plane, sizes))}),\n" for plane in planes)
    return f"np.array([np.outer(down, along) for down, along in [\n{text}]]{kind}).reshape{tuple(shape)}"


def _factors(factors: Any, length: int) -> str:
    """An expression for the factors along an axis, which begin again where they end, or have zeros around them."""
    if isinstance(factors, list):
        return f"np.resize([{_row(factors)}], {length})"
    before, values = factors["at"], factors["values"]
    return f"np.pad([{_row(values)}], ({before}, {length - before - len(values)}))"


# ---- enlarged --------------------------------------------------------------------------------------------------------


class Repetition:
    """How a large call repeats a small one, as statements; none for axes on which it is no larger."""

    def __init__(self, case: Case) -> None:
        assert case.enlarged is not None
        self._large, self._operation = case.enlarged, case.operation
        self._images, self._channels, *sides = case.arguments["input"]["shape"]
        self._by_channel = ", ".join(["-1", *["1"] * len(sides)])
        self._rois = len(case.arguments["boxes"])
        self._image = f"[image % {self._images}]" * (self._large.images > self._images)
        self._channel = f"[:, channel % {self._channels}]" * (self._large.channels > self._channels)
        self._roi = f"[roi % {self._rois}]" * (self._large.rois > self._rois)
        self._has_grad, self._has_weights, self._has_offset = (
            name in case.arguments for name in ("grad", "weights", "offset")
        )

    def inputs(self, dtype: str, *, apart: bool) -> list[str]:
        """Those that enlarge the arguments."""
        large, lines, times = self._large, [], ""
        if self._image:
            lines.append(f"image = np.arange({large.images})")
        if self._channel:
            lines.append(f"channel = np.arange({large.channels})")
            lines.append(f"times = 2.0 ** (channel // {self._channels} % {len(MULTIPLES)}).reshape({self._by_channel})")
            times = " * times"
        if self._roi:
            lines.append(f"roi = np.arange({large.rois})")
        if self._image or self._channel:
            lines.append(f"features = (features{self._image}{self._channel}{times}).astype({dtype})")
        if self._has_weights and self._image:
            lines.append(f"weights = weights{self._image}")
        if self._has_grad and (self._roi or self._channel):
            lines.append(f"grad = grad{self._roi}{self._channel}")
        if self._has_offset and self._roi:
            lines.append(f"offset = offset{self._roi}")
        lines += self._boxes("batch_indices" if apart else "boxes[:, 0]")
        return ["# The call repeats these images, channels and RoIs.", *lines] if lines else []

    def _boxes(self, indices: str) -> list[str]:
        if not self._roi:
            return []
        taken = dict.fromkeys(["boxes", indices.partition("[")[0]])
        lines = [f"{name} = {name}{self._roi}" for name in taken]
        if (count := self._large.images // self._images) > 1:
            along = f"{self._images} * (roi // {self._rois} % {count})"
            lines.append(f"{indices} += {along}.astype({indices}.dtype)  # on another image each time")
        return lines

    def answer(self, name: str) -> list[str]:
        """Those that enlarge what is expected."""
        if self._operation == Operation.FORWARD:
            times = " * times" * bool(self._channel)
            lines = [f"{name} = {name}{self._roi}{self._channel}{times}"]
        elif self._operation in MAP_GRADIENTS:
            channel = self._channel * (self._operation == Operation.FEATURE_GRADIENT)  # weights are of all channels
            lines = [f"{name} = {name}{self._image}{channel}"]
            reached = max(self._large.images // self._images, 1) * self._images
            if reached < self._large.images:
                lines.append(f"{name}[{reached}:] = 0  # no RoI lies there")
        else:
            lines = [f"{name} = {name}{self._roi}"]
        return [line for line in lines if line != f"{name} = {name}"]


# ---- arranged --------------------------------------------------------------------------------------------------------


def arranged(name: str, way: str, values: np.ndarray) -> str:
    """The statements that lay the array of this name, which has these values, out in memory as one of `arranging.WAYS`."""
    equal = [bool(values.size) and bool((values == values.take([0], axis)).all()) for axis in range(values.ndim)]
    text = _ARRANGING[way].format(
        it=name,
        beside=int(BESIDE),
        rows=", :-1" * (values.ndim - 1),
        firsts=", ".join(":1" if one else ":" for one in equal),
    )
    return f"# {name}: {MEANING[way]}.\n{text}"
