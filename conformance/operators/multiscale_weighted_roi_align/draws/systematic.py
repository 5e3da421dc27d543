"""The systematic golden cases of weighted RoIAlign on pyramids: placements of RoIAlign as poolers have them, with weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.multiscale_weighted_roi_align import DIALECTS
from .....kernels.dialects.weighted_roi_align import MEANS
from ....arrays import leaves
from ....call import MAP_GRADIENTS
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ...multiscale_roi_align.draws import systematic
from ...multiscale_roi_align.oracle.answers import exactly
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import Blueprint, integers
from ...roi_align.oracle.gradient import BoxGradient
from ...roi_align.oracle.gradient_certificate import gradient
from ...weighted_roi_align.draws.weighing import OF_GRADIENTS, OF_MAXIMA, OF_ROIS, SETTINGS, Setting
from ...weighted_roi_align.oracle.certificate import as_rows
from ...weighted_roi_align.oracle.formulas import Formulas, last_answer
from ...weighted_roi_align.oracle.mean_bounds import bounded_mean
from ..claims import different, is_fragile, pieces, rules_of
from ..oracle.answers import WeightedPyramidOracle
from .weighing import of_rois, weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect

    Arguments = Mapping[str, Any]

_FORWARD, _FOR_MAPS = Operation.FORWARD, Operation.FEATURE_GRADIENT
_FOR_BOXES, _FOR_WEIGHTS = Operation.BOX_GRADIENT, Operation.WEIGHT_GRADIENT
_ASKED = (
    Asked("mw-m", _FORWARD, "avg", ("input", "weights", "boxes")),
    Asked("mw-mg", _FOR_MAPS, "avg", ("grad", "weights", "boxes")),
    Asked("mw-mb", _FOR_BOXES, "avg", ("grad", "input", "weights", "boxes")),
    Asked("mw-mw", _FOR_WEIGHTS, "avg", ("grad", "input", "boxes")),
    Asked("mw-mgx", _FOR_MAPS, "max", ("input",)),  # which averages do not look at
    Asked("mw-mwx", _FOR_WEIGHTS, "max", ("weights",)),
)
_ALL = ("-sliced", "-reversed")  # ways of the first array, while the others lie in other ways
_SAMPLINGS = ("one", "two", "adaptive")
_SMOOTH = ("inside", "top", "left", "bottom", "right", "sub-pixel", "inverted")
"""Where a box can lie so that its gradient is a derivative."""
_APART = ("inverted-x", "inverted-y", "zero-area", "zero-width", "zero-height")  # what is on no level, or on the first
_WHERE = {
    "mw-g": (_FOR_MAPS, PLACEMENTS[::2]),
    "mw-wg": (_FOR_WEIGHTS, PLACEMENTS[1::2]),
    "mw-b": (_FOR_BOXES, tuple(placement for placement in PLACEMENTS if placement.name in _SMOOTH)),
}
_TELLING = tuple(placement for placement in PLACEMENTS if placement.name not in ("huge", *_APART))
_SENDING = tuple(placement for placement in _TELLING if placement.name not in ("integral", "whole", "outside"))
_OF_OTHER_MODES = {
    "": (_FORWARD, _TELLING[::2]),
    "g": (_FOR_MAPS, _SENDING[::3]),
    "w": (_FOR_WEIGHTS, _SENDING[1::3]),
    "b": (_FOR_BOXES, tuple(placement for placement in _SENDING if placement.name in _SMOOTH[::2])),
}
_OF_ROIS = {
    "mw-r": (_FORWARD, ("inside", "corner", "around", "beyond-left")),
    "mw-rg": (_FOR_MAPS, ("corner", "inside", "left", "sub-pixel")),
    "mw-rw": (_FOR_WEIGHTS, ("inside", "corner", "sub-pixel", "left")),
    "mw-rb": (_FOR_BOXES, ("inside", "bottom", "right", "top")),
}
_EXPONENTS, _SHARPNESS = (3, 2, 1.5, 5), (1, -1, 0.25, -0.125)
_FEW = ((1, 1), (1, 2), (2, 1))  # bins, of calls in which each is divided


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {
        "systematic": list(_outputs()),
        "gradient": list(_gradients()),
        "systematic-max": list(_of_mode("mw-x", "max")),
        "systematic-means": [*_of_mode("mw-lp", "lp"), *_of_mode("mw-sm", "softmax")],
        "rois": list(_rois()),
        "memory": list(_arrangements()),
    }


def _outputs() -> Iterator[Blueprint]:
    for n, placement in enumerate(PLACEMENTS):
        sampling = "two" if placement.name in _APART else _SAMPLINGS[n % 3]
        yield Blueprint(f"mw-s-{placement.name}-{sampling}", placement, sampling, "avg", n)


def _gradients() -> Iterator[Blueprint]:
    number = 0
    for prefix, (operation, places) in _WHERE.items():
        for placement in places:
            if operation != _FOR_BOXES and placement.name in ("huge", "integral", "whole"):
                continue
            sampling = _SAMPLINGS[number % 3] if placement.name not in ("inverted", *_APART) else "two"
            yield Blueprint(f"{prefix}-{placement.name}", placement, sampling, "avg", number, operation)
            number += 1


def _of_mode(prefix: str, mode: str) -> Iterator[Blueprint]:
    for ending, (operation, places) in _OF_OTHER_MODES.items():
        for n, placement in enumerate(places if mode == "max" else places[::2]):
            sampling = (
                "one" if operation == _FOR_BOXES else _SAMPLINGS[n % 3] if placement.name != "inverted" else "two"
            )
            yield Blueprint(f"{prefix}{ending}-{placement.name}", placement, sampling, mode, n, operation)


def _rois() -> Iterator[Blueprint]:
    placed = {placement.name: placement for placement in PLACEMENTS}
    for prefix, (operation, names) in _OF_ROIS.items():
        for n, name in enumerate(names):
            yield Blueprint(f"{prefix}-{name}", placed[name], _SAMPLINGS[n % 2], "avg", n, operation)
        for mode, short in (("max", "x"), ("lp", "lp"), ("softmax", "sm")):
            sampling = "one" if operation == _FOR_BOXES else "two"
            yield Blueprint(f"{prefix}{short}-{names[0]}", placed[names[0]], sampling, mode, 2, operation)


def _arrangements() -> Iterator[Blueprint]:
    apart = ("outside", "empty", "inverted", "huge", *_APART)
    placed = [placement for placement in PLACEMENTS if placement.name not in apart]
    for each in arrangements(_ASKED):
        if "-all-" in each.id and (each.mode == "max" or not each.id.endswith(_ALL)):
            continue
        spots = placed[:1] if each.operation == _FOR_BOXES else placed
        spot = spots[each.number % len(spots)]
        sampling = "mixed" if each.mode == "max" else "two"  # of few samples few are equal
        yield Blueprint(each.id, spot, sampling, each.mode, 1, each.operation, arranged=each.arranged)


def setting_of(blueprint: Blueprint) -> Setting:
    """How a case weighs: cases of memory are of sums, or of maxima."""
    if blueprint.id.startswith("mw-r"):
        return OF_ROIS[blueprint.variant % len(OF_ROIS)]
    if blueprint.arranged:
        return Setting()
    if blueprint.mode != "avg":
        return OF_MAXIMA[blueprint.variant % len(OF_MAXIMA)]
    if blueprint.operation == _FORWARD:
        return SETTINGS[blueprint.variant % len(SETTINGS)]
    return OF_GRADIENTS[blueprint.variant % len(OF_GRADIENTS)]


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    case = _of_poolers(blueprint, attempt)
    chance = Draw("roikit", f"{blueprint.id} weights", attempt)
    setting, arguments = setting_of(blueprint), case["arguments"]
    arguments["mode"] = blueprint.mode
    if setting.of_rois:
        of_rois(chance, arguments, integers)
    if setting.normalise:
        arguments["output_size"] = list(chance.one(_FEW))
    if "grad" in arguments:
        shape = (len(arguments["boxes"]), arguments["input"]["shape"][1], *arguments["output_size"])
        arguments["grad"] = integers(chance, shape, range(-4, 5))
    parameter = {"lp": ("p", _EXPONENTS), "softmax": ("beta", _SHARPNESS)}.get(blueprint.mode)
    if parameter:
        arguments[parameter[0]] = parameter[1][blueprint.variant % len(parameter[1])]
    is_gradient = blueprint.operation != _FORWARD
    arguments = weighed(chance, arguments, setting, exactly_divided=is_gradient or attempt % 2 == 0)
    alike(arguments, blueprint.arranged)
    rules = rules_of(arguments, blueprint.operation) + (["MW-11"] if blueprint.arranged else [])
    rules += [{"MS-5": "MW-4", "MS-6": "MW-5"}[rule] for rule in case["rules"] if rule in ("MS-5", "MS-6")]
    how = ", divided by their sum" if setting.normalise else ""
    weights = "weights of each channel" if setting.each else "weights"
    weights += " and RoI" if setting.of_rois and setting.each else " of each RoI" if setting.of_rois else ""
    return {
        **case,
        "title": f"{case['title'].removesuffix('.')}; {weights}{how}.",
        "claims": "bounded" if blueprint.mode in MEANS or not (is_gradient or _may_be_exact(arguments)) else "exact",
        "rules": sorted(set(rules), key=rule_number),
        "arguments": arguments,
    }


def _of_poolers(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case of poolers, which know averages alone, no gradient for weights, and no weights whose elements are to be equal."""
    known = tuple(("weights", "sliced") if pair == ("weights", "expanded") else pair for pair in blueprint.arranged)
    asked = _FOR_MAPS if blueprint.operation == _FOR_WEIGHTS else blueprint.operation
    case = systematic.draw(blueprint._replace(arranged=known, mode="avg", operation=asked), attempt)
    case["title"] = case["title"].replace(lying(known), lying(blueprint.arranged), 1)
    if blueprint.operation != asked:
        case["operation"] = str(blueprint.operation)
        case["title"] = case["title"].replace("for the map", "for the weights", 1)
    return {**case, **({"arranged": dict(blueprint.arranged)} if blueprint.arranged else {})}


def _may_be_exact(arguments: Arguments) -> bool:
    if not arguments["normalise"]:
        return True
    oracle = WeightedPyramidOracle()
    return all(
        {"float32", "float64"} <= set(oracle.exact_dtypes(arguments, _FORWARD, dialect))
        for dialect in different(arguments)
    )


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether a case is exact, or has bounds everywhere if it claims no more, is fair, and tells something."""
    arguments, operation = case["arguments"], Operation(case.get("operation", _FORWARD))
    if not (_uses_levels(arguments) or "arranged" in case or "steps" in case) or not _is_fair(arguments, operation):
        return False
    if arguments["mode"] in MEANS:
        return all(_is_bounded(arguments, operation, dialect) for dialect in dialects)
    return all(_is_telling(case, operation, dialect) for dialect in dialects)


def _uses_levels(arguments: Arguments) -> bool:
    """Whether boxes, if there are several, are on several levels."""
    levels = exactly(arguments, DIALECTS["torchvision"])
    return len(levels) < 2 or len(set(levels)) > 1


def _is_telling(case: Mapping[str, Any], operation: Operation, dialect: Dialect) -> bool:
    """Whether a sum, or a maximum, is what a case claims under a dialect, without ties, and not all the same."""
    oracle, arguments = WeightedPyramidOracle(), case["arguments"]
    if case["claims"] == "bounded":
        if not all(math.isfinite(e) for e in oracle.bounded(arguments, dialect, "float32")[1].flat):
            return False
    elif not {"float32", "float64"} <= set(oracle.exact_dtypes(arguments, operation, dialect)):
        return False
    if _has_ties(arguments, operation, dialect):
        return False
    values = list(leaves(oracle.values(arguments, operation, dialect).tolist()))
    return any(values) and (len(set(values)) > 1 or len(values) == 1)


def _is_bounded(arguments: Arguments, operation: Operation, dialect: Dialect) -> bool:
    """Whether a mean has bounds everywhere, and tells something."""
    values: set[Any] = set()
    for given, sampling in pieces(arguments, [dialect]):
        found = bounded_mean(given, operation, sampling, "float32")
        if found is None or not np.isfinite(found[1]).all():
            return False
        values |= set(leaves(found[0].tolist()))
    return len(values) > 1 or any(values)


def _has_ties(arguments: Arguments, operation: Operation, dialect: Dialect) -> bool:
    """Whether equal maxima share what arrives, so that nobody can say who has it."""
    if arguments["mode"] != "max" or operation not in MAP_GRADIENTS:
        return False
    for given, sampling in pieces(arguments, [dialect]):
        first, last = (Formulas(given, sampling, *ask).returned(operation) for ask in ((), (last_answer,)))
        if not np.array_equal(first, last):
            return True
    return False


def _is_fair(arguments: Arguments, operation: Operation) -> bool:
    """Whether rounding decides nothing under any dialect, and no gradient for a box is on a kink."""
    if is_fragile(arguments, tuple(DIALECTS)):
        return False
    if operation != _FOR_BOXES:
        return True
    for given, sampling in pieces(arguments, different(arguments)):
        call = Formulas(given, sampling)
        exact = gradient({**call.asked, "input": as_rows(call.weighed())}, operation, sampling)
        assert isinstance(exact, BoxGradient)
        if any(exact.kink):
            return False
    return True
