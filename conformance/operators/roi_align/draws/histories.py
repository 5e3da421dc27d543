"""Histories of RoIAlign: a call, one like it but for one argument, and the first again; calls made at once; calls around a fork.

Who keeps something from one call for the next has to know it by every argument that it depends on. So each changes once while all
others stay, with their shapes; where a shape must change, the number of elements stays as long as that can be.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....call import Operation
from ....sizing import Size
from ..oracle.answers import RoiAlignOracle
from . import sizes, systematic
from .placements import PLACEMENTS, Draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

    Arguments = dict[str, Any]

_IMAGES, _CHANNELS, _SIZE, _BINS, _RATIO = 2, 2, (4, 6), (2, 2), 2
_OTHER_SIZE, _OTHER_BINS, _OTHER_RATIO = (6, 4), (1, 4), 1  # as many pixels, and as many bins
_SCALE, _OTHER_SCALE = Fraction(1, 2), Fraction(1, 4)
_PLACES = ("bottom", "right", "inside")  # so that the numbers of rows and of columns of a map matter
_APART = 1000  # attempts, by which other arguments of a large call are drawn

CHANGES = {
    "images": "the number of images",
    "indices": "the number of images, and which is read",
    "size": "the size of images",
    "channels": "the number of channels",
    "boxes": "boxes",
    "rois": "the number of boxes",
    "bins": "output_size",
    "scale": "spatial_scale",
    "ratio": "sampling_ratio",
    "mode": "mode",
    "values": "the map's values",
    "grad": "the arriving gradient",
    "all": "everything",
    "shapes": "every shape",
}
"""What changes in a history, by the last part of its id."""

_SHAPES = {
    "images": (_IMAGES + 1, _CHANNELS, *_SIZE),
    "indices": (_IMAGES + 1, _CHANNELS, *_SIZE),
    "size": (_IMAGES, _CHANNELS, *_OTHER_SIZE),
    "channels": (_IMAGES, _CHANNELS + 1, *_SIZE),
    "values": (_IMAGES, _CHANNELS, *_SIZE),
}
"""Of the maps of the second call, where these are others."""

_PARAMETERS: Mapping[str, Arguments] = {
    "bins": {"output_size": list(_OTHER_BINS)},
    "scale": {"spatial_scale": [systematic.number(_OTHER_SCALE)] * 2},
    "ratio": {"sampling_ratio": [_OTHER_RATIO] * 2},
    "mode": {"mode": "avg"},
}


class History(NamedTuple):
    """What is fixed about a case: what changes, and how its calls follow each other."""

    id: str
    changed: str
    operation: Operation
    mode: str
    kind: str = "history"
    threads: int = 0


def blueprints() -> dict[str, list[History]]:
    """The histories, by the name of their file."""
    return {"histories": [*_in_turn(), *_at_once(), *_around_forks()]}


_ASKED = (
    ("h", Operation.FORWARD, "avg"),
    ("hm", Operation.FORWARD, "max"),
    ("hg", Operation.FEATURE_GRADIENT, "avg"),
    ("hgm", Operation.FEATURE_GRADIENT, "max"),
    ("hb", Operation.BOX_GRADIENT, "avg"),
)


def _in_turn() -> Iterator[History]:
    for name, operation, mode in _ASKED:
        for change in CHANGES:
            sent_back = operation != Operation.FORWARD
            means_nothing = (name == "hg" and change == "values") or (change == "grad" and not sent_back)
            if means_nothing or change in ("all", "shapes") or (change == "mode" and mode == "avg"):
                continue
            yield History(f"{name}-{change}", change, operation, mode)


def _at_once() -> Iterator[History]:
    for name, operation, mode in _ASKED:
        for change, threads in (("all", 2), ("shapes", 4)):
            if mode == "avg":
                yield History(f"{name}-threads-{threads}", change, operation, mode, "threads", threads)


def _around_forks() -> Iterator[History]:
    for name, operation, mode in _ASKED:
        yield History(f"{name}-fork", "boxes", operation, mode, "fork")


def draw(history: History, attempt: int) -> dict[str, Any]:
    """The case that a history gives at an attempt, without what is computed."""
    return _drawn_large(history, attempt) if history.kind == "threads" else _drawn_small(history, attempt)


def _drawn_small(history: History, attempt: int) -> dict[str, Any]:
    chance = Draw("roikit", history.id, attempt)
    arguments = _arguments(chance, history)
    step = {"changed": CHANGES[history.changed], "arguments": _changes(chance, history, arguments)}
    return _described(history, {"arguments": arguments, "steps": [step]})


def _drawn_large(history: History, attempt: int) -> dict[str, Any]:
    """Calls that take a while, so that they are made at the same time if several threads make them."""
    # What a box gets adds up over channels, and must be exact in float32.
    ratio, channels = (1, 33) if history.operation == Operation.BOX_GRADIENT else (2, 129)
    size = Size(history.id, "", (2, 2), ratio, (9, 10), 3, channels, 147, history.mode, history.operation)
    other = size._replace(bins=(1, 4), pixels=(10, 7)) if history.changed == "shapes" else size
    case, step = sizes.draw(size, attempt), sizes.draw(other, attempt + _APART)
    about = {"changed": CHANGES[history.changed], "arguments": step["arguments"]}
    return _described(history, {**case, "threads": history.threads, "steps": [about]})


def _arguments(chance: Draw, history: History) -> Arguments:
    arguments: Arguments = {
        "input": _map(chance, history, (_IMAGES, _CHANNELS, *_SIZE)),
        "boxes": _boxes(chance, history),
        "output_size": list(_BINS),
        "spatial_scale": [systematic.number(_SCALE)] * 2,
        "sampling_ratio": [_RATIO] * 2,
        "mode": history.mode,
    }
    if history.operation != Operation.FORWARD:
        arguments["grad"] = _grad(chance, arguments)
    return arguments


def _changes(chance: Draw, history: History, arguments: Arguments) -> Arguments:
    """What is another in the second call: an argument, and those whose shapes follow from it."""
    if history.changed in _SHAPES:
        changes: Arguments = {"input": _map(chance, history, _SHAPES[history.changed])}
        if history.changed == "indices":
            first, *others = arguments["boxes"]
            changes["boxes"] = [[_IMAGES, *first[1:]], *others]
    elif history.changed == "boxes":
        changes = {"boxes": _boxes(chance, history)}
    elif history.changed == "rois":
        changes = {"boxes": [*arguments["boxes"], _boxes(chance, history)[0]]}
    elif history.changed == "grad":
        changes = {"grad": _grad(chance, arguments)}
    else:
        changes = dict(_PARAMETERS[history.changed])
    if history.operation != Operation.FORWARD and history.changed in ("channels", "rois", "bins"):
        changes["grad"] = _grad(chance, {**arguments, **changes})
    return changes


def _map(chance: Draw, history: History, shape: tuple[int, ...]) -> Arguments:
    wide = history.mode == "max" and history.operation != Operation.FORWARD  # fewer ties
    return systematic.integers(chance, shape, range(-32, 33) if wide else range(-8, 9))


def _grad(chance: Draw, arguments: Arguments) -> Arguments:
    shape = len(arguments["boxes"]), arguments["input"]["shape"][1], *arguments["output_size"]
    return systematic.integers(chance, shape, range(-4, 5))


def _boxes(chance: Draw, history: History) -> list[list[int | float]]:
    places = _PLACES[:2] if history.operation == Operation.BOX_GRADIENT else _PLACES  # fewer samples on a kink
    spots = [next(placement for placement in PLACEMENTS if placement.name == name) for name in places]
    ratio, scale = (_RATIO, _RATIO), [_SCALE] * 2
    return [
        [_IMAGES - 1 - k % _IMAGES, *systematic.box(chance, spot, _SIZE, _BINS, ratio, scale)]
        for k, spot in enumerate(spots)
    ]


_KINDS = {
    "history": "A call, then with {} changed, then as before",
    "threads": "{threads} threads that make two calls at the same time, {} different",
    "fork": "A call, another in a forked process, with {} changed, and the first again",
}
_WHAT = {
    Operation.FORWARD: "",
    Operation.FEATURE_GRADIENT: "gradient for the map: ",
    Operation.BOX_GRADIENT: "gradient for the box: ",
}


def _described(history: History, drawn: dict[str, Any]) -> dict[str, Any]:
    how = _KINDS[history.kind].format(CHANGES[history.changed], threads=history.threads)
    title = f"{_WHAT[history.operation]}{how}{'; maxima' if history.mode == 'max' else ''}."
    is_gradient = history.operation != Operation.FORWARD
    return {
        "id": history.id,
        "title": title[0].upper() + title[1:],
        "rules": systematic.rules_of(drawn["arguments"], history.operation),
        "claims": "exact",
        "kind": history.kind,
        **({"operation": history.operation.value} if is_gradient else {}),
        **{key: drawn[key] for key in ("size", "enlarged", "threads") if key in drawn},
        "arguments": drawn["arguments"],
        "steps": drawn["steps"],
    }


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether all calls of a case are exact under these dialects, tell something, and do not have the same answer."""
    (step,) = case["steps"]
    changed = {**case, "arguments": {**case["arguments"], **step["arguments"]}}
    others = [dialect.for_mode(changed["arguments"]["mode"]) for dialect in dialects]
    if case["kind"] == "threads":
        return sizes.suits(case, dialects) and sizes.suits(changed, others)
    if not (systematic.suits(case, dialects) and systematic.suits(changed, others)):
        return False
    operation, oracle = Operation(case.get("operation", Operation.FORWARD)), RoiAlignOracle()
    for one, other in zip(dialects, others, strict=True):
        before = oracle.values(case["arguments"], operation, one)
        after = oracle.values(changed["arguments"], operation, other)
        if before.shape == after.shape and np.array_equal(before, after):
            return False
    return True
