"""The systematic golden cases of weighted RoIAlign: RoIAlign's placements, weighed and divided in turn."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import MEANS
from ....arrays import leaves
from ....call import MAP_GRADIENTS
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....operator import rule_number
from ...roi_align.draws import systematic
from ...roi_align.draws.placements import PLACEMENTS, Draw
from ...roi_align.draws.systematic import Blueprint, integers
from ...roi_align.oracle.certificate import fairness
from ...roi_align.oracle.gradient import BoxGradient
from ...roi_align.oracle.gradient_certificate import gradient
from ..claims import different, rules_of
from ..oracle.answers import WeightedRoiAlignOracle, as_average
from ..oracle.certificate import as_rows
from ..oracle.formulas import Formulas, last_answer
from ..oracle.mean_bounds import bounded_mean
from .weighing import OF_GRADIENTS, OF_MAXIMA, OF_ROIS, SETTINGS, Setting, weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

_GRADIENTS = {
    "sw-g": Operation.FEATURE_GRADIENT,
    "sw-wg": Operation.WEIGHT_GRADIENT,
    "sw-b": Operation.BOX_GRADIENT,
}
_ASKED = (
    Asked("sw-m", Operation.FORWARD, "avg", ("input", "weights", "boxes")),
    Asked("sw-mg", Operation.FEATURE_GRADIENT, "avg", ("grad", "weights", "boxes")),
    Asked("sw-mb", Operation.BOX_GRADIENT, "avg", ("grad", "boxes", "input", "weights")),
    Asked("sw-mw", Operation.WEIGHT_GRADIENT, "avg", ("grad", "boxes", "input")),
    Asked(
        "sw-mgx", Operation.FEATURE_GRADIENT, "max", ("input",)
    ),  # which averages do not look at, nor at weights here
    Asked("sw-mwx", Operation.WEIGHT_GRADIENT, "max", ("weights",)),
)
_OF_MAXIMA = {
    "sw-xg": Operation.FEATURE_GRADIENT,
    "sw-xw": Operation.WEIGHT_GRADIENT,
    "sw-xb": Operation.BOX_GRADIENT,
}
_ALL = ("-sliced", "-reversed")  # ways of the first array, while the others lie in other ways
_SMOOTH = ("inside", "top", "left", "bottom", "right", "beyond-top", "around", "sub-pixel", "thin", "inverted")
"""Where a box can lie so that its gradient is a derivative."""
_RELATED = (
    ("adjoint", "inside"),
    ("conserved", "corner"),
    ("differences", "beyond-left"),
    ("box-differences", "inside"),
    ("box-differences", "sub-pixel"),
)
_OF_ROIS = {
    ("sw-r", Operation.FORWARD): ("inside", "corner", "around", "thin", "beyond-left", "top"),
    ("sw-rg", Operation.FEATURE_GRADIENT): ("corner", "inside", "left", "sub-pixel"),
    ("sw-rw", Operation.WEIGHT_GRADIENT): ("inside", "corner", "sub-pixel", "left"),
    ("sw-rb", Operation.BOX_GRADIENT): ("inside", "bottom", "right", "around"),
}
"""Where boxes lie that have weights of their own."""
_IMAGES = (2, 0, 0)
"""Those of these boxes: as many as boxes, one of them without any, and no box has the number of its image but the second."""
_SAMPLINGS = ("one", "two", "adaptive")
_TELLING = tuple(placement for placement in PLACEMENTS if placement.name != "huge")
"""Where the boxes of a maximum lie: of one over many samples there is nothing more to see."""
_SENDING = tuple(placement.name for placement in _TELLING if placement.name not in ("integral", "whole", "outside"))
"""Where boxes lie that send something, and of which no samples share a pixel."""
_MEANS = {
    "sw-lp": Operation.FORWARD,
    "sw-lpg": Operation.FEATURE_GRADIENT,
    "sw-lpw": Operation.WEIGHT_GRADIENT,
    "sw-lpb": Operation.BOX_GRADIENT,
}
"""Of power means; those of softmaxes begin with ``sw-sm``."""
_EXPONENTS, _SHARPNESS = (3, 2, 1.5, 5), (1, -1, 0.25, -0.125)
_FEW = ((1, 1), (1, 2), (2, 1))  # bins, of calls in which each is divided


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {
        "systematic": list(_outputs()),
        "gradient": list(_gradients()),
        "systematic-max": list(_maxima()),
        "gradient-max": list(_gradients_of_maxima()),
        "systematic-means": list(_means()),
        "memory": list(_arrangements()),
        "rois": list(_rois()),
    }


def _outputs() -> Iterator[Blueprint]:
    for n, (placement, sampling) in enumerate(product(PLACEMENTS, _SAMPLINGS)):
        yield Blueprint(f"sw-s-{placement.name}-{sampling}", placement, sampling, "avg", n)
    for n, placement in enumerate(PLACEMENTS[::7]):
        yield Blueprint(f"sw-s-{placement.name}-mixed", placement, "mixed", "avg", n)


def _gradients() -> Iterator[Blueprint]:
    number = 0
    for prefix, operation in _GRADIENTS.items():
        of_boxes = operation == Operation.BOX_GRADIENT
        for placement in PLACEMENTS:
            if placement.name not in _SMOOTH if of_boxes else placement.name in ("huge", "integral", "whole"):
                continue
            sampling = _SAMPLINGS[number % 3] if placement.name != "inverted" else "two"
            yield Blueprint(f"{prefix}-{placement.name}", placement, sampling, "avg", number, operation)
            number += 1
    placed = {placement.name: placement for placement in PLACEMENTS}
    for n, (relation, name) in enumerate(_RELATED):
        operation = Operation.BOX_GRADIENT if relation.startswith("box") else Operation.FEATURE_GRADIENT
        yield Blueprint(f"sw-p-{relation}-{name}", placed[name], _SAMPLINGS[n % 3], "avg", n, operation, relation)


def _maxima() -> Iterator[Blueprint]:
    for n, placement in enumerate(_TELLING):
        for k in range(2):
            sampling = _SAMPLINGS[(n + k) % 3]
            yield Blueprint(f"sw-x-{placement.name}-{sampling}", placement, sampling, "max", n + k)


def _gradients_of_maxima() -> Iterator[Blueprint]:
    for prefix, operation in _OF_MAXIMA.items():
        of_boxes = operation == Operation.BOX_GRADIENT
        for n, placement in enumerate(_TELLING):
            if placement.name in (_SMOOTH if of_boxes else _SENDING):
                sampling = "one" if of_boxes else _SAMPLINGS[n % 3] if placement.name != "inverted" else "two"
                yield Blueprint(f"{prefix}-{placement.name}", placement, sampling, "max", n, operation)


def _means() -> Iterator[Blueprint]:
    """Power means and softmaxes in turn."""
    for prefix, operation in _MEANS.items():
        places = [placement for placement in _TELLING if placement.name != "outside"]
        if operation == Operation.BOX_GRADIENT:
            places = [placement for placement in places if placement.name in _SMOOTH]
        elif operation != Operation.FORWARD:
            places = [placement for placement in places if placement.name in _SENDING]
        for n, placement in enumerate(places if operation == Operation.FORWARD else places[::2]):
            mode, name = ("softmax", prefix.replace("lp", "sm")) if n % 2 else ("lp", prefix)
            sampling = _SAMPLINGS[n % 3] if placement.name != "inverted" else "two"
            yield Blueprint(f"{name}-{placement.name}", placement, sampling, mode, n // 2, operation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name not in ("outside", "empty", "inverted", "huge")]
    for each in arrangements(_ASKED):
        if "-all-" in each.id and (each.mode == "max" or not each.id.endswith(_ALL)):
            continue
        spots = placed[:1] if each.operation == Operation.BOX_GRADIENT else placed
        spot = spots[each.number % len(spots)]
        yield Blueprint(each.id, spot, "two", each.mode, 1, each.operation, arranged=each.arranged)


def _rois() -> Iterator[Blueprint]:
    placed = {placement.name: placement for placement in PLACEMENTS}
    for (prefix, operation), names in _OF_ROIS.items():
        for n, name in enumerate(names):
            yield Blueprint(f"{prefix}-{name}", placed[name], _SAMPLINGS[n % 2], "avg", n, operation)
        for n, name in enumerate(names[:2]):
            sampling = "one" if operation == Operation.BOX_GRADIENT else "two"
            yield Blueprint(f"{prefix}x-{name}", placed[name], sampling, "max", 2 * n, operation)


def is_of_rois(blueprint: Blueprint) -> bool:
    """Whether the boxes of a case have weights of their own."""
    return blueprint.id.startswith("sw-r")


def setting_of(blueprint: Blueprint) -> Setting:
    """How a case weighs: relations, and cases of memory, are of sums, or of maxima."""
    if is_of_rois(blueprint):
        return OF_ROIS[blueprint.variant % len(OF_ROIS)]
    if blueprint.relation or blueprint.arranged:
        return Setting()
    if blueprint.mode != "avg":
        return OF_MAXIMA[blueprint.variant % len(OF_MAXIMA)]
    if blueprint.operation == Operation.FORWARD:
        return SETTINGS[blueprint.variant % len(SETTINGS)]
    return OF_GRADIENTS[blueprint.variant % len(OF_GRADIENTS)]


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    case = _of_roi_align(blueprint, attempt)
    chance = Draw("roikit", f"{blueprint.id} weights", attempt)
    setting, arguments = setting_of(blueprint), case["arguments"]
    if setting.of_rois:
        _give_images(chance, arguments)
    if setting.normalise:
        arguments["output_size"] = list(chance.one(_FEW))
    if "grad" in arguments:
        channels = arguments["input"]["shape"][1]
        arguments["grad"] = integers(
            chance, (len(arguments["boxes"]), channels, *arguments["output_size"]), range(-4, 5)
        )
    parameter = {"lp": ("p", _EXPONENTS), "softmax": ("beta", _SHARPNESS)}.get(blueprint.mode)
    if parameter:
        arguments[parameter[0]] = parameter[1][blueprint.variant % len(parameter[1])]
    is_gradient = blueprint.operation != Operation.FORWARD
    arguments = weighed(chance, arguments, setting, exactly=is_gradient or attempt % 2 == 0)
    alike(arguments, blueprint.arranged)
    rules = rules_of(arguments, blueprint.operation) + (["SW-9"] if blueprint.arranged else [])
    case.pop("memory", None)
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


def _give_images(chance: Draw, arguments: dict[str, Any]) -> None:
    """As many images as boxes, of which there are more than lie somewhere else."""
    boxes = arguments["boxes"] * len(_IMAGES)
    arguments["boxes"] = [[image, *box[1:]] for image, box in zip(_IMAGES, boxes, strict=False)]
    _, *of_map = arguments["input"]["shape"]
    arguments["input"] = integers(chance, (len(_IMAGES), *of_map), range(-8, 9))


def _of_roi_align(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """RoIAlign's case, which knows no weights whose elements are to be equal."""
    known = tuple(("weights", "sliced") if pair == ("weights", "expanded") else pair for pair in blueprint.arranged)
    case = systematic.draw(blueprint._replace(arranged=known), attempt)
    case["title"] = case["title"].replace(lying(known), lying(blueprint.arranged), 1)
    return {**case, **({"arranged": dict(blueprint.arranged)} if blueprint.arranged else {})}


def _may_be_exact(arguments: Mapping[str, Any]) -> bool:
    if not arguments["normalise"]:
        return True
    oracle = WeightedRoiAlignOracle()
    return all(
        {"float32", "float64"} <= set(oracle.exact_dtypes(arguments, Operation.FORWARD, dialect))
        for dialect in different(arguments)
    )


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:  # noqa: PLR0911 - one for each reason
    """Whether a case is exact, or has bounds everywhere if it claims no more, is fair, and tells something."""
    arguments, operation = case["arguments"], Operation(case.get("operation", Operation.FORWARD))
    if not _is_fair(arguments, operation):
        return False
    if arguments["mode"] in MEANS:
        return all(_is_bounded(arguments, operation, dialect) for dialect in dialects)
    oracle = WeightedRoiAlignOracle()
    for dialect in dialects:
        if case["claims"] == "bounded":
            if not all(math.isfinite(e) for e in oracle.bounded(arguments, dialect, "float32")[1].flat):
                return False
        elif not {"float32", "float64"} <= set(oracle.exact_dtypes(arguments, operation, dialect)):
            return False
        if _has_ties(arguments, operation, dialect):
            return False
        values = list(leaves(oracle.values(arguments, operation, dialect).tolist()))
        if not any(values) or (len(set(values)) < 2 and len(values) > 1):
            return False
    return True


def _is_bounded(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> bool:
    """Whether a mean has bounds everywhere, and tells something."""
    found = bounded_mean(arguments, operation, dialect, "float32")
    if found is None or not np.isfinite(found[1]).all():
        return False
    values = set(leaves(found[0].tolist()))
    return len(values) > 1 or (found[0].size == 1 and any(values))


def _sampled(arguments: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """RoIAlign's call of what is sampled: pixels that are weighed."""
    call = Formulas(arguments, dialect)
    return {**call.asked, "input": as_rows(call.weighed())}


def _has_ties(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> bool:
    """Whether equal maxima share what arrives, so that nobody can say who has it."""
    if arguments["mode"] != "max" or operation not in MAP_GRADIENTS:
        return False
    first, last = (Formulas(arguments, dialect, *ask).returned(operation) for ask in ((), (last_answer,)))
    return not np.array_equal(first, last)


def _is_fair(arguments: Mapping[str, Any], operation: Operation) -> bool:
    """Whether rounding decides nothing under any dialect, and no gradient for a box is on a kink."""
    for dialect in different(arguments):
        if operation == Operation.FORWARD and fairness(as_average(arguments), dialect):
            return False
        if operation == Operation.BOX_GRADIENT:
            exact = gradient(_sampled(arguments, dialect), operation, dialect)
            assert isinstance(exact, BoxGradient)
            if any(exact.kink):
                return False
    return True
