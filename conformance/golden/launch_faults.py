"""Faults of launches, at every size: the right numbers, but too few of them, or at wrong places.

Such a fault is no formula of an operator. It is injected into what a large call must return, or into what a call is handed, for
every n that a launch may stop at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operators
from ..arrays import box_rows, feature_map
from ..call import MAP_GRADIENTS
from ..operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..cases.case import Case
    from ..operator import Operator

DTYPE = "float64"

POWERS = tuple(2**power for power in range(3, 17))
"""Where a launch may stop: 8 to 65536."""

_NAMES = {
    "K": "RoIs", "C": "channels", "N": "images", "P_d": "slices of bins", "P_h": "rows of bins", "P_w": "columns of bins",
}  # fmt: skip
_SIDES = {"D": "slices", "H": "rows", "W": "columns"}
"""Of maps, or volumes."""
_MOST = {"K": 65536, "C": 2048, "N": 2048, "P_d": 32, "P_h": 32, "P_w": 32}
"""Up to which n an axis is held to."""
_TILES = {"K": (8, 16, 32, 64), "C": (8, 16, 32, 64, 128, 256), "P_d": (4, 8, 16), "P_h": (4, 8, 16), "P_w": (4, 8, 16)}
Output = Callable[["Case", np.ndarray], "np.ndarray | None"]
"""From what is right to what a fault makes of it; None if it has nothing to show at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a kind.

    Attributes:
        kind: What goes wrong.
        n: Where; 0 if it is nowhere in particular.
        operation: What it is in.
        returned: What an implementation with this fault returns for a case, from what is right.
    """

    kind: str
    n: int
    operation: Operation
    returned: Output


# ---- results that stop, repeat or come twice -------------------------------------------------------------------------


def _from(n: int, axis: int, factor: float) -> Output:
    """Multiplies what comes from index n on along an axis."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        del case
        if values.shape[axis] <= n:
            return None
        values[(slice(None),) * axis + (slice(n, None),)] *= factor
        return values

    return returned


def _partial(n: int, axis: int) -> Output:
    """Leaves out the last tile of n along an axis, if it is not a whole one."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        size = values.shape[axis]
        return _from(size // n * n, axis, 0)(case, values) if size > n else None

    return returned


def _again(n: int, axis: int) -> Output:
    """Finds with index i what belongs to i mod n."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        del case
        size = values.shape[axis]
        return values.take(np.arange(size) % n, axis) if size > n else None

    return returned


def _flat(change: Output) -> Output:
    """A change along the one axis of all values."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        changed = change(case, values.reshape(-1))
        return None if changed is None else changed.reshape(values.shape)

    return returned


def _of_float(case: Case, values: np.ndarray) -> np.ndarray | None:
    """Counts in float32, which has no odd numbers from 2²⁴ on."""
    del case
    if values.size <= 2**24:
        return None
    counted = np.arange(values.size).astype(np.float32).astype(np.int64).clip(max=values.size - 1)
    found: np.ndarray = values.reshape(-1)[counted]
    return found.reshape(values.shape)


def _of_outputs(operation: Operation, axes: Sequence[str]) -> Iterator[Fault]:
    for n in POWERS:
        yield Fault("only the first n values are computed", n, operation, _flat(_from(n, 0, 0)))
        yield Fault("value i is that of i mod n", n, operation, _flat(_again(n, 0)))
        if operation != Operation.FORWARD:
            yield Fault("values from n on are added twice", n, operation, _flat(_from(n, 0, 2)))
    if operation == Operation.FORWARD:
        yield Fault("values are counted in float32", 2**24, operation, _of_float)
    for axis, name in enumerate(axes):
        for n in (n for n in POWERS if n <= _MOST.get(name, 0)):
            yield Fault(f"only the first n {_NAMES[name]} are computed", n, operation, _from(n, axis, 0))
            yield Fault(f"{_NAMES[name]}: index i is taken mod n", n, operation, _again(n, axis))
        for n in _TILES.get(name, ()):
            yield Fault(f"the last, partial tile of n {_NAMES[name]} is left out", n, operation, _partial(n, axis))


# ---- what is read, and added up --------------------------------------------------------------------------------------


def _enlarged(case: Case, answer: np.ndarray) -> np.ndarray:
    return case.enlarged.answer(answer, case.answer_axes, case.operation) if case.enlarged else answer


def _quick(case: Case, dialect: str, **changes: Any) -> np.ndarray | None:
    """The exact answer to the small call of a case of which some arguments are changed."""
    arguments = {**case.arguments, **changes}
    oracle, expected = operators.get(case.operator).oracle, case.expectation(dialect, DTYPE)
    bounds = expected is not None and expected.bound is not None
    found = oracle.quick(arguments, case.operation, dialect, DTYPE, kinks=False, bounds=bounds)
    return np.array(found[0].output, np.float64).reshape(case.stated_shape) if found else None


def as_rows(array: np.ndarray) -> dict[str, Any]:
    """Maps as case files have them."""
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


def _unread(n: int, axis: int, dialect: str) -> Output:
    """Reads 0 from index n of an axis of the map on."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        del values
        if case.arguments["input"]["shape"][axis] <= n:
            return None
        maps = feature_map(case.arguments["input"])
        maps[(slice(None),) * axis + (slice(n, None),)] = 0
        answer = _quick(case, dialect, input=as_rows(maps))
        return None if answer is None else _enlarged(case, answer)

    return returned


def _fewer_samples(n: int, dialect: str) -> Output:
    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        del values
        ratio = case.arguments.get("sampling_ratio", (0, 0))
        if max(ratio) <= n:
            return None
        answer = _quick(case, dialect, sampling_ratio=[min(g, n) for g in ratio])
        return None if answer is None else _enlarged(case, answer)

    return returned


def _images_of(case: Case) -> np.ndarray:
    """The image of each RoI of the large call."""
    boxes, images = box_rows(case.arguments["boxes"]), case.arguments["input"]["shape"][0]
    large = case.enlarged.argument("boxes", boxes, "K 5", images) if case.enlarged else boxes
    return large[:, 0].astype(np.int64)


def _image_mod(n: int, dialect: str) -> Output:
    """Reads image i mod n."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        small, images = case.arguments["input"]["shape"][0], _images_of(case)
        if images.max(initial=0) < n:
            return None
        shifts = (images % n - images) % small
        boxes = box_rows(case.arguments["boxes"])
        for shift in np.unique(shifts):
            moved = boxes.copy()
            moved[:, 0] = (moved[:, 0] + shift) % small
            answer = _quick(case, dialect, boxes=moved.tolist())
            if answer is None:
                return None
            values[shifts == shift] = _enlarged(case, answer)[shifts == shift]
        return values

    return returned


def _planes(n: int) -> Output:
    """Leaves out planes, of an image and a channel, from n on."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        channels = values.shape[1]
        images = np.arange(len(values)) if case.operation in MAP_GRADIENTS else _images_of(case)
        planes = images[:, None] * channels + np.arange(channels)
        if planes.max(initial=0) < n:
            return None
        values[planes >= n] = 0
        return values

    return returned


def _weighed(n: int, weight: int, dialect: str) -> Output:
    """Adds what each RoI sends to the maps, from RoI n on so many times."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        images = _images_of(case)
        if len(images) <= n:
            return None
        rois, small = len(case.arguments["boxes"]), case.arguments["input"]["shape"][0]
        weights, total = np.where(np.arange(len(images)) < n, 1, weight), np.zeros(values.shape)
        grad = feature_map(case.arguments["grad"])
        for j in range(rois):
            alone = np.zeros_like(grad)
            alone[j] = grad[j]
            sent = _quick(case, dialect, grad=as_rows(alone))
            if sent is None:
                return None
            channels = np.arange(values.shape[1]) % sent.shape[1]
            times = np.bincount(images[j::rois], weights[j::rois], minlength=len(values))
            total += times.reshape(-1, *[1] * (values.ndim - 1)) * sent[np.arange(len(values)) % small][:, channels]
        return total

    return returned


def _channels_summed(n: int) -> Output:
    """Adds only the first n channels up."""

    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        enlarged = case.enlarged
        if enlarged is None or enlarged.channels <= n or case.arguments["input"]["shape"][1] != 1:
            return None
        steps = enlarged.multiples(1)
        share = float(steps[:n].sum() / steps.sum())
        return values * share

    return returned


def _of_reading(operator: Operator, dialect: str) -> Iterator[Fault]:
    forward = Operation.FORWARD
    for n in (2**power for power in range(6, 16)):
        for axis, name in enumerate(operator.call.axes["input"].split()):
            if name not in _SIDES:
                continue
            yield Fault(f"{_SIDES[name]} of the map from n on read as 0", n, forward, _unread(n, axis, dialect))
    if "sampling_ratio" in {known.name for known in fields(operator.call)}:
        for n in (8, 16, 32):
            yield Fault("at most n samples along an axis of a bin", n, forward, _fewer_samples(n, dialect))
    for n in (n for n in POWERS if n <= _MOST["N"]):
        yield Fault("the image of a RoI is taken mod n", n, forward, _image_mod(n, dialect))
    for operation in (forward, Operation.FEATURE_GRADIENT):
        yield Fault("planes of image and channel from n on left out", 65535, operation, _planes(65535))


def _of_sums(operation: Operation, dialect: str) -> Iterator[Fault]:
    if operation == Operation.FEATURE_GRADIENT:
        for n in (n for n in POWERS if n <= _MOST["K"]):
            yield Fault("only the first n RoIs send", n, operation, _weighed(n, 0, dialect))
            yield Fault("what RoIs from n on send is added twice", n, operation, _weighed(n, 2, dialect))
    if operation == Operation.BOX_GRADIENT:
        for n in (n for n in POWERS if n <= _MOST["C"]):
            yield Fault("only the first n channels are added up", n, operation, _channels_summed(n))


def faults(operator: Operator, dialect: str) -> Iterator[Fault]:
    """All faults of launches of an operator, under a dialect."""
    for operation in operator.operations:
        yield from _of_outputs(operation, operator.call.answers[operation].split())
        yield from _of_sums(operation, dialect)
    yield from _of_reading(operator, dialect)
