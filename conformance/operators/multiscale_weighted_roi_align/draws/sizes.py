"""Weighted RoIAlign on pyramids at the sizes of real use: calls of poolers; some are divided by weights that all pixels have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from .....kernels.dialects.weighted_roi_align import MEANS
from ....arrays import leaves
from ....operation import Operation
from ....operator import rule_number
from ....sizing import IMAGES, ROIS, Size, counted, maps
from ...multiscale_roi_align.draws import sizes
from ...roi_align.draws.placements import Draw
from ..claims import rules_of
from ..oracle.answers import WeightedPyramidOracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect

_FEW = ("-rois-33", "-rois-1025", "-channels-33", "-channels-257", "-images-33")
"""How the counts of maxima and means end."""
_WEIGHTS, _MAPS, _BOXES = Operation.WEIGHT_GRADIENT, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT


def blueprints() -> dict[str, list[Size]]:
    """The cases of real sizes, by the name of their file."""
    planned = sizes.blueprints()
    of_rois = list(_of_rois())
    outputs = [size for size in of_rois if size.operation == Operation.FORWARD]
    return {
        "sizes": [*_ours(planned["sizes"]), *_of_other_modes(), *outputs],
        "sizes-gradient": [*_gradients(planned["sizes-gradient"]), *(size for size in of_rois if size not in outputs)],
    }


def _ours(planned: list[Size]) -> Iterator[Size]:
    for size in planned:
        yield size._replace(id=f"mw{size.id.removeprefix('ms')}")


def _gradients(planned: list[Size]) -> Iterator[Size]:
    """Those of poolers, and for weights as many as for maps, where float32 has the bits, since there are no bounds."""
    for size in _ours(planned):
        powers = not any(count & (count - 1) for count in size.bins)
        if size.operation == _MAPS and (powers or "-bins-" not in size.id):
            yield size
        if size.operation == _MAPS and powers and "-head-" not in size.id:
            yield size._replace(id=size.id.replace("mw-zg", "mw-zw"), operation=_WEIGHTS)
        if size.operation == _BOXES and "-bins-" not in size.id and "-head-" not in size.id:
            yield size


def _of_other_modes() -> Iterator[Size]:
    """Maxima, and means, whose gradients add up, which has no bounds in calls that repeat a small one."""
    for name, mode, what in (
        ("mw-zx", "max", "maxima"), ("mw-zlp", "lp", "power means"), ("mw-zsm", "softmax", "softmaxes"),
    ):  # fmt: skip
        for size in counted(name):
            if size.id.endswith(_FEW):
                yield size._replace(mode=mode, title=f"{size.title}; {what}")
        yield Size(f"{name}-samples-8", f"8 × 8 samples in a bin; {what}", ratio=8, pixels=(14, 23), mode=mode)
    for name, operation in (("mw-zgx", _MAPS), ("mw-zwx", _WEIGHTS), ("mw-zbx", _BOXES)):
        channels = 65 if operation == _MAPS else 33
        title = f"{5 * ROIS} RoIs of {channels} channels in 8 × 8 bins; maxima"
        yield Size(f"{name}-8", title, (8, 8), 1, (24, 25), 1, channels, 5 * ROIS, "max", operation)


def _of_rois() -> Iterator[Size]:
    """Of RoIs that have weights of their own: of as many images, a RoI on each."""
    what = "RoIs that have weights of their own"
    many: dict[str, Any] = {"images": 129, "rois": 129, "distinct": IMAGES}
    for name, operation in (
        ("mw-zr", Operation.FORWARD), ("mw-zgr", _MAPS), ("mw-zwr", _WEIGHTS), ("mw-zbr", _BOXES),
    ):  # fmt: skip
        yield Size(f"{name}-rois-129", f"129 {what}", operation=operation, **many)


def draw(size: Size, attempt: int) -> dict[str, Any]:
    """The case that a size gives at an attempt, without what is computed."""
    case = sizes.draw(size, attempt)
    arguments, chance = case["arguments"], Draw("roikit", f"{size.id} weights", attempt)
    images, _, *pixels = arguments["input"]["shape"]
    shape, divided = (images, 1, *pixels), _is_divided(size)
    if divided:
        arguments["weights"] = {"shape": list(shape), "outer": [[[2 ** (n % 3)], [1]] for n in range(images)]}
    else:
        arguments["weights"] = maps(chance, shape, 2)
    arguments["normalise"] = divided
    if size.mode in MEANS:
        case["claims"] = "bounded"
        arguments |= {"p": 2.5} if size.mode == "lp" else {"beta": -0.5}
    if size.id in {each.id for each in _of_rois()}:
        arguments["weights_of"] = "rois"
    return {**case, "rules": sorted(rules_of(arguments, size.operation), key=rule_number)}


def _is_divided(size: Size) -> bool:
    """Whether the bins of a call are divided by the sums of their weights: those of some averages are."""
    known = [each.id for planned in sizes.blueprints().values() for each in _ours(planned)]
    return size.id in known and known.index(size.id) % 3 == 1


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether the call that a case repeats is exact under these dialects, and zeros do not pass it.

    Where bins lie is exact in every order of operations only if their number is a power of two; of others there is a bound.
    """
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    mode = arguments["mode"]
    bounds = mode in MEANS or any(count & (count - 1) for count in arguments["output_size"])
    for name in (next(n for n, known in DIALECTS.items() if known.for_mode(mode) == dialect) for dialect in dialects):
        found = WeightedPyramidOracle().quick(arguments, operation, name, "float32", kinks=False, bounds=bounds)
        if not found or None in leaves(found[0].bound or 0) or not any(leaves(found[0].output)):
            return False
    return True
