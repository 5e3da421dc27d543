"""Hypothesis strategies for calls that follow each other. Needs ``pip install 'roikit[fuzz]'``.

A call, others that differ from it in one argument, and the first again; in turn, in threads at once, or around a fork: what
`cases.history` makes, and what a worker finds out about it. An argument changes in one way, and exact calls stay exact, so that
nothing needs to be drawn but which of them change.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from ..cases.history import AFTER_FORK, AT_ONCE, IN_TURN, SEVERAL
from ..operation import Operation
from .sizes import channel_unit, channels_of_bins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..call import Call

    Arguments = Mapping[str, Any]
    Changes = dict[str, Any]

SINGLE = "single"
"""Of a call by itself."""

KINDS = (SINGLE, *SEVERAL)
"""How calls follow each other."""

THREADS = 2
"""That make calls at once."""

_OFTEN = {SINGLE: 8, IN_TURN: 6, AT_ONCE: 1, AFTER_FORK: 3}  # of as many calls; threads take long
_MOST_STEPS = 6
_POWERS = (2, 1, 2, 2, 4)  # of two, for each number of bins or samples
_RATIOS = {1: 2, 2: 4, 4: 1}  # what a number of samples becomes
_VALUES = 17  # integers of maps: from −8 to 8
_APART = 5  # prime to it
_SIDES = 4  # of a box


def kinds(asked: Sequence[str]) -> st.SearchStrategy[str]:
    """Draws how calls follow each other, by one of the kinds that are asked for."""
    known = [kind for kind in KINDS if kind in asked]
    return (
        st.just(*known) if len(known) == 1 else st.sampled_from([kind for kind in known for _ in range(_OFTEN[kind])])
    )


def varied(arguments: Arguments, call: type[Call]) -> Changes:
    """The arguments of a call with other integers in each place, and numbers of bins and samples that divide without rest.

    What is drawn, and more so what is shrunk, is mostly zeros; and of calls that are not exact none follows another.
    """
    changed = dict(arguments)
    if "output_size" in arguments:
        changed |= _binned(arguments, call, [_POWERS[min(n, 4)] for n in arguments["output_size"]])
    if "pool_size" in arguments:
        changed["pool_size"] = _POWERS[min(arguments["pool_size"], 4)]
    if "sampling_ratio" in arguments:
        changed["sampling_ratio"] = [_POWERS[n] for n in arguments["sampling_ratio"]]
    changed |= _fitting(changed, call)
    return {**changed, **{name: _moved_on(changed[name], _APART) for name in ("input", "grad") if name in changed}}


def _fitting(arguments: Arguments, call: type[Call]) -> Changes:
    """Weights, offsets, and an arriving gradient, of the shapes that are due, if they have others."""
    fitting: Changes = {}
    if "weights" in arguments:
        images, channels, *size = arguments["input"]["shape"]
        count = len(arguments["boxes"]) if arguments.get("weights_of") == "rois" else images
        shape = [count, 1 if arguments["weights"]["shape"][1] == 1 else channels, *size]
        if arguments["weights"]["shape"] != shape:
            fitting["weights"] = _filled(shape, arguments["weights"])
    if "offset" in arguments:
        extents = {"K": len(arguments["boxes"]), **dict(zip(("P_h", "P_w"), arguments["output_size"], strict=True))}
        shape = [
            extents.get(axis, n)
            for axis, n in zip(call.axes["offset"].split(), arguments["offset"]["shape"], strict=True)
        ]
        if arguments["offset"]["shape"] != shape:
            fitting["offset"] = _filled(shape, arguments["offset"])
    # From all others its shape follows.
    others = {name: value for name, value in {**arguments, **fitting}.items() if name != "grad"}
    due = list(call.shape_of(others, Operation.FORWARD))
    if "grad" not in arguments or arguments["grad"]["shape"] == due:
        return fitting
    return {**fitting, "grad": _filled(due, arguments["grad"])}


@st.composite
def steps(
    draw: st.DrawFn, kind: str, arguments: Arguments, call: type[Call], modes: Sequence[str], *, grows: bool
) -> list[Changes]:
    """Draws what changes in the calls that follow one of some arguments; maybe nothing, if none can.

    Each is a step of a case: ``{"changed": …, "arguments": …}``. Where a large call repeats this one, the numbers of its images,
    channels and RoIs stay: unless it ``grows``.
    """
    offered = dict(_changes(arguments, call, modes))
    known = {
        name: changes for name, changes in offered.items() if changes and (grows or _is_as_large(changes, arguments))
    }
    if not known:
        return []
    few = _MOST_STEPS if kind == IN_TURN else 1
    names = draw(st.lists(st.sampled_from(list(known)), min_size=1, max_size=few, unique=True))
    return [{"changed": name, "arguments": known[name]} for name in names]


def _is_as_large(changes: Changes, arguments: Arguments) -> bool:
    """Whether there are as many images, channels and RoIs as before."""
    changed = {**arguments, **changes}
    return bool(changed["input"]["shape"][:2] == arguments["input"]["shape"][:2]) and len(changed["boxes"]) == len(
        arguments["boxes"]
    )


def _changes(arguments: Arguments, call: type[Call], modes: Sequence[str]) -> Iterator[tuple[str, Changes]]:
    """What may change, in words, and the arguments that are then others."""
    changes = [*_of_values(arguments, call, modes), *_of_shapes(arguments, call)]
    of_values = [change for _, change in changes if not any(_shape(change, arguments, name) for name in change)]
    changes.append(("everything", {name: value for change in of_values for name, value in change.items()}))
    for name, change in changes:
        whole = {**change, **_fitting({**arguments, **change}, call)}
        yield name, {key: value for key, value in whole.items() if value != arguments[key]}


def _shape(change: Changes, arguments: Arguments, name: str) -> bool:
    """Whether an array has another shape than before, or there are other bins."""
    if name in ("input", "grad", "weights", "offset"):
        return bool(change[name]["shape"] != arguments[name]["shape"])
    return name == "output_size" or (name == "boxes" and len(change[name]) != len(arguments[name]))


def _of_values(arguments: Arguments, call: type[Call], modes: Sequence[str]) -> Iterator[tuple[str, Changes]]:
    """Changes by which no array has another shape, but for the number of bins."""
    images = arguments["input"]["shape"][0]
    yield "the map's values", {"input": _moved_on(arguments["input"])}
    if "grad" in arguments:
        yield "the arriving gradient", {"grad": _moved_on(arguments["grad"])}
    if "weights" in arguments:
        yield "the weights", {"weights": _moved_on(arguments["weights"])}
        yield "normalise", {"normalise": not arguments["normalise"]}
    if "offset" in arguments:
        yield "the offsets", {"offset": _moved_on(arguments["offset"])}
        yield "gamma", {"gamma": 2 * arguments["gamma"]}
    boxes = [[(n + 1) % images, b, a, d, c, *angle] for n, a, b, c, d, *angle in reversed(arguments["boxes"])]
    yield "boxes", {"boxes": boxes}
    yield from _of_parts(arguments, call)
    if "spatial_scale" in arguments:
        yield "spatial_scale", {"spatial_scale": [scale / 2 for scale in arguments["spatial_scale"]]}
    if "sampling_ratio" in arguments:
        yield "sampling_ratio", {"sampling_ratio": [_RATIOS[n] for n in arguments["sampling_ratio"]]}
    if "canonical_size" in arguments:
        yield "canonical_size", {"canonical_size": 2 * arguments["canonical_size"]}
        yield "canonical_level", {"canonical_level": arguments["canonical_level"] + 1}
    if "extrapolation_value" in arguments:
        yield "extrapolation_value", {"extrapolation_value": arguments["extrapolation_value"] + 1}
    for mode in modes:
        if "mode" in arguments and mode != arguments["mode"]:
            yield f"mode, to {mode}", {"mode": mode}


def _of_parts(arguments: Arguments, call: type[Call]) -> Iterator[tuple[str, Changes]]:
    """Changes of the parts of a RoI, or of a feature: of bins, points along sides, groups of channels, orientations."""
    if "pool_size" in arguments:
        yield "pool_size", {"pool_size": 2 * arguments["pool_size"]}
        return
    if "num_orientations" in arguments:
        yield "num_orientations", _oriented(arguments)
    first, *others = arguments["output_size"]
    yield "rows and columns of bins", _binned(arguments, call, [*others, first])
    yield "output_size", _binned(arguments, call, [2 * first, *others])
    if "group_size" in arguments:
        yield "group_size", _grouped(arguments)


def _oriented(arguments: Arguments) -> Changes:
    """Another number of orientations of each feature; of one channel there is no other, so that there are two."""
    images, channels, *size = arguments["input"]["shape"]
    if arguments["num_orientations"] > 1 or channels > 1:
        return {"num_orientations": 1 if arguments["num_orientations"] > 1 else channels}
    return {"num_orientations": 2, "input": _filled((images, 2, *size), arguments["input"])}


def _of_shapes(arguments: Arguments, call: type[Call]) -> Iterator[tuple[str, Changes]]:
    """Changes by which an array has another shape; the number of its elements stays where that can be."""
    given, boxes = arguments["input"], arguments["boxes"]
    images, channels, *size = given["shape"]
    height, width = size[-2:]
    if "level_sizes" in arguments:  # the last of the maps that lie one below the other has a row more
        *finer, (rows, columns) = arguments["level_sizes"]
        taller = _filled((images, channels, height + 1, width), given)
        yield "the size of images", {"input": taller, "level_sizes": [*finer, [rows + 1, columns]]}
    elif "pool_size" in arguments:  # the maps of four sides lie one below the other
        rows = height // _SIDES
        yield "height and width", {"input": _filled((images, channels, _SIDES * width, rows), given)}
        yield "the size of images", {"input": _filled((images, channels, height + _SIDES, width), given)}
    else:
        yield "height and width", {"input": _filled((images, channels, *reversed(size)), given)}
        *before, _, _ = size
        yield (
            "the size of images",
            {"input": _filled((images, channels, *before, height + 1, max(width - 1, 1)), given)},
        )
    more = _filled((images + 1, channels, *size), given)
    yield "the number of images", {"input": more}
    yield "the number of images, and which is read", {"input": more, "boxes": [[images, *box[1:]] for box in boxes]}
    count = channels + channel_unit(arguments, call)
    yield "the number of channels", {"input": _filled((images, count, *size), given)}
    yield "the number of boxes", {"boxes": [*boxes, *boxes[:1]]}


def _grouped(arguments: Arguments) -> Changes:
    """As many groups in other rows and columns, so that as many channels come out, or two, of twice the channels, if one."""
    rows, columns = arguments["group_size"]
    if rows != columns:
        return {"group_size": [columns, rows]}
    if rows > 1:
        return {"group_size": [rows * columns, 1]}
    images, channels, *size = arguments["input"]["shape"]
    return {"group_size": [2, 1], "input": _filled((images, 2 * channels, *size), arguments["input"])}


def _binned(arguments: Arguments, call: type[Call], bins: list[int]) -> Changes:
    """Another number of bins; and, if each has channels of its own, as many as these ask for."""
    changes: Changes = {"output_size": bins}
    if of_bins := channels_of_bins(arguments, call):
        images, channels, *size = arguments["input"]["shape"]
        changes["input"] = _filled((images, channels // of_bins * math.prod(bins), *size), arguments["input"])
    return changes


def _moved_on(data: Mapping[str, Any], apart: int = 0) -> dict[str, Any]:
    """An array with another integer in each place but the first, by which alone some would know it.

    If they are to be ``apart``, the first moves, too, and each by so much more than the one before.
    """
    numbers = _numbers(data).reshape(-1)
    moved = (numbers + _VALUES + apart * np.arange(len(numbers))) % _VALUES - _VALUES // 2
    return _of(data["shape"], moved if apart else np.append(numbers[:1], moved[1:]))


def _filled(shape: Sequence[int], data: Mapping[str, Any]) -> dict[str, Any]:
    """An array of a shape, filled with the numbers of another, again and again."""
    return _of(shape, np.resize(_numbers(data), shape))


def _numbers(data: Mapping[str, Any]) -> np.ndarray:
    return np.array([value for row in data["rows"] for value in row])


def _of(shape: Sequence[int], numbers: np.ndarray) -> dict[str, Any]:
    return {"shape": list(shape), "rows": numbers.reshape(-1, shape[-1]).tolist()}
