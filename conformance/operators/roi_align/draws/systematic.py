"""The systematic golden cases of RoIAlign: every placement of a RoI, with every way of sampling, in several variants."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .....kernels.dialects.roi_align import DIALECTS
from ....memory import Asked, alike, arrangements, lying
from ....operation import Operation
from ....relations import RELATIONS
from ..oracle.certificate import exact_dtypes, fairness, forward_result
from ..oracle.gradient import BoxGradient, FeatureGradient
from ..oracle.gradient_certificate import exact_gradient_dtypes, gradient
from .placements import PLACEMENTS, Draw, Placement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect

SAMPLINGS = {
    "one": (1, 1),
    "two": (2, 2),
    "four": (4, 4),
    "mixed": (2, 1),
    "adaptive": (0, 0),
    "half-adaptive": (0, 2),
}
_OUTPUTS = ((1, 1), (2, 2), (2, 2), (1, 4), (4, 2), (2, 4), (3, 2), (4, 4), (2, 7))
_POWERS = ((1, 1), (2, 2), (1, 4), (4, 2), (2, 4))
_SCALES = ("1", "1", "1/2", "1/4", "2", "1/8", "1/16")
_VARIANTS = 3
_TRANSPOSED = ("s-inside-two-2", "s-corner-adaptive-2", "s-around-one-2", "m-inside-two", "m-corner-adaptive")
_ASKED = (
    Asked("w", Operation.FORWARD, "avg", ("input", "boxes")),
    Asked("wm", Operation.FORWARD, "max", ("input",)),
    Asked("wg", Operation.FEATURE_GRADIENT, "avg", ("grad", "boxes")),
    Asked("wgm", Operation.FEATURE_GRADIENT, "max", ("grad", "input")),
    Asked("wb", Operation.BOX_GRADIENT, "avg", ("grad", "boxes", "input")),
)


class Blueprint(NamedTuple):
    """What is fixed about a case before chance has its say."""

    id: str
    placement: Placement
    sampling: str
    mode: str
    variant: int
    operation: Operation = Operation.FORWARD
    relation: str = ""
    arranged: tuple[tuple[str, str], ...] = ()


def blueprints() -> dict[str, list[Blueprint]]:
    """The blueprints of all systematic cases, by the name of their file."""
    return {
        "systematic": list(_averages()),
        "systematic-max": list(_maxima()),
        "gradient": list(_gradients()),
        "memory": list(_arrangements()),
    }


def _averages() -> Iterator[Blueprint]:
    for placement, sampling, variant in product(PLACEMENTS, SAMPLINGS, range(_VARIANTS)):
        # Two ways of sampling an axis by itself are enough once each.
        if variant == 0 or "-" not in sampling.replace("mixed", "-"):
            yield Blueprint(f"s-{placement.name}-{sampling}-{variant + 1}", placement, sampling, "avg", variant)


def _maxima() -> Iterator[Blueprint]:
    for placement, sampling in product(PLACEMENTS, ("one", "two", "adaptive")):
        if placement.name != "huge":  # of which a maximum over samples is long, and tells nothing more
            yield Blueprint(f"m-{placement.name}-{sampling}", placement, sampling, "max", 0)


def _gradients() -> Iterator[Blueprint]:
    samplings = list(SAMPLINGS)
    for n, placement in enumerate(PLACEMENTS):
        for sampling in (samplings[n % 4], "adaptive"):
            name = f"g-{placement.name}-{sampling}"
            yield Blueprint(name, placement, sampling, "avg", n, Operation.FEATURE_GRADIENT)
        if placement.name != "huge":
            sampling = ("two", "one", "adaptive")[n % 3]
            yield Blueprint(f"g-max-{placement.name}", placement, sampling, "max", n, Operation.FEATURE_GRADIENT)
    placed = {placement.name: placement for placement in PLACEMENTS}
    smooth = (
        "inside",
        "top",
        "left",
        "bottom",
        "right",
        "beyond-top",
        "beyond-right",
        "around",
        "sub-pixel",
        "thin",
        "inverted",
    )
    for n, name in enumerate(smooth):
        sampling = ("one", "two", "adaptive")[n % 3] if name != "inverted" else "two"
        yield Blueprint(f"b-{name}", placed[name], sampling, "avg", n, Operation.BOX_GRADIENT)
        if n % 2 == 0:
            yield Blueprint(f"b-max-{name}", placed[name], "one", "max", n, Operation.BOX_GRADIENT)
    for n, (name, relation) in enumerate(product(("inside", "corner", "beyond-left", "sub-pixel"), RELATIONS)):
        mode = "max" if relation == "differences" and n % 2 else "avg"
        operation = RELATIONS[relation].operations[-1]
        yield Blueprint(f"p-{relation}-{name}", placed[name], samplings[n % 3], mode, n, operation, relation)


def _arrangements() -> Iterator[Blueprint]:
    placed = [placement for placement in PLACEMENTS if placement.name not in ("outside", "empty", "inverted", "huge")]
    for each in arrangements(_ASKED):
        spots = placed[:1] if each.operation == Operation.BOX_GRADIENT else placed
        spot = spots[each.number % len(spots)]
        yield Blueprint(each.id, spot, "two", each.mode, 1, each.operation, arranged=each.arranged)


def draw(blueprint: Blueprint, attempt: int) -> dict[str, Any]:
    """The case that a blueprint gives at an attempt, without what is computed."""
    chance = Draw("roikit", blueprint.id, attempt)
    is_gradient = blueprint.operation != Operation.FORWARD
    bins = chance.one(_POWERS if is_gradient else _OUTPUTS)
    size = chance.one(range(5, 9)), chance.one(range(5, 9))
    images, channels, rois = (
        (1, 1, 1) if blueprint.relation else (1 + blueprint.variant % 2, chance.one((1, 2)), chance.one((1, 2)))
    )
    if blueprint.arranged:  # strides of every axis are to matter
        images, channels, rois, bins = 2, 3, 3, chance.one(((2, 4), (4, 2)))
    scale = [Fraction(chance.one(_SCALES))] * 2
    if blueprint.variant == 2 and blueprint.sampling == "four":
        scale[1] = Fraction(chance.one(_SCALES))
    ratio = SAMPLINGS[blueprint.sampling]
    spots = [blueprint.placement] * rois + [PLACEMENTS[0]] * blueprint.placement.company
    boxes = [[images - 1 - k % images, *box(chance, spot, size, bins, ratio, scale)] for k, spot in enumerate(spots)]
    arguments: dict[str, Any] = {
        "input": _map(chance, (images, channels, *size), blueprint),
        "boxes": boxes,
        "output_size": list(bins),
        "spatial_scale": [number(s) for s in scale],
        "sampling_ratio": list(ratio),
        "mode": blueprint.mode,
    }
    if is_gradient:
        arguments["grad"] = integers(chance, (len(boxes), channels, *bins), range(-4, 5))
    if blueprint.relation == "differences":
        arguments["step"] = integers(chance, (images, channels, *size), (0, 0, Fraction(1, 4)))
    if blueprint.relation == "box-differences":
        arguments["step"] = number(Fraction(1, 16) / min(scale))
    alike(arguments, blueprint.arranged)
    return _described(blueprint, arguments, scale)


def _described(blueprint: Blueprint, arguments: dict[str, Any], scale: list[Fraction]) -> dict[str, Any]:
    """A case with its title, its rules and its kind."""
    shape, bins = arguments["input"]["shape"], arguments["output_size"]
    transposed = blueprint.id in _TRANSPOSED
    sampled = {"adaptive": "sampled adaptively", "half-adaptive": "sampled adaptively along y"}
    how = sampled.get(blueprint.sampling, f"{' × '.join(map(str, arguments['sampling_ratio']))} samples per bin")
    scales = f", scale {' and '.join(map(str, dict.fromkeys(scale)))}" if set(scale) != {1} else ""
    what = {Operation.FEATURE_GRADIENT: "gradient for the map: ", Operation.BOX_GRADIENT: "gradient for the box: "}
    says = f"{RELATIONS[blueprint.relation].says}: " if blueprint.relation else what.get(blueprint.operation, "")
    says += lying(blueprint.arranged)
    title = f"{says}{blueprint.placement.title}; {bins[0]} × {bins[1]} bins, {how}{scales}."
    rules = {"RA-1", "RA-3", "RA-5", "RA-7", *blueprint.placement.rules, "RA-8" if blueprint.mode == "avg" else "RA-9"}
    rules |= {"RA-4"} if 0 in arguments["sampling_ratio"] else set()
    rules |= {"RA-12"} if shape[0] > 1 else set()
    rules |= {"RA-14"} if transposed or blueprint.arranged else set()
    rules |= {Operation.FEATURE_GRADIENT: {"RA-15"}, Operation.BOX_GRADIENT: {"RA-16"}}.get(blueprint.operation, set())
    case: dict[str, Any] = {
        "id": blueprint.id,
        "title": title[0].upper() + title[1:],
        "rules": sorted(rules, key=lambda rule: int(rule[3:])),
        "claims": "exact",
        "kind": "property" if blueprint.relation else "value",
    }
    case |= {"operation": blueprint.operation.value} if blueprint.operation != Operation.FORWARD else {}
    case |= {"relation": blueprint.relation} if blueprint.relation else {}
    case |= {"memory": "transposed"} if transposed else {}
    case |= {"arranged": dict(blueprint.arranged)} if blueprint.arranged else {}
    return {**case, "arguments": arguments}


def number(x: Fraction) -> int | float:
    """A number as a case file has it."""
    return int(x) if x.denominator == 1 else float(x)


def integers(chance: Draw, shape: tuple[int, ...], values: Any) -> dict[str, Any]:
    """An array of some of these values."""
    count = int(np.prod(shape[:-1]))
    rows = [[number(Fraction(chance.one(values))) for _ in range(shape[-1])] for _ in range(count)]
    return {"shape": list(shape), "rows": rows}


def _map(chance: Draw, shape: tuple[int, ...], blueprint: Blueprint) -> dict[str, Any]:
    """Maps of small integers; for every other maximum, of negative ones."""
    negative = blueprint.mode == "max" and chance.one((True, False))
    wide = blueprint.operation != Operation.FORWARD and blueprint.mode == "max"  # fewer ties
    return integers(chance, shape, range(-16, 0) if negative else range(-32, 33) if wide else range(-8, 9))


def box(
    chance: Draw,
    spot: Placement,
    size: tuple[int, int],
    bins: tuple[int, int],
    ratio: tuple[int, int],
    scale: list[Fraction],
) -> list[int | float]:
    """The corners of a box that lies as a placement says."""
    (y1, y2), (x1, x2) = (
        span(chance, pixels, count, samples)
        for span, pixels, count, samples in zip((spot.y, spot.x), size, bins, ratio, strict=True)
    )
    return [number(v) for v in (x1 / scale[1], y1 / scale[0], x2 / scale[1], y2 / scale[0])]


def suits(case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
    """Whether a case is exact and fair, and tells something, under every one of the main dialects."""
    arguments, mode = case["arguments"], case["arguments"]["mode"]
    if case.get("operation", "forward") != "forward":
        return all(_gradient_suits(case, dialect) for dialect in dialects)
    if not all({"float32", "float64"} <= set(exact_dtypes(arguments, dialect)) for dialect in dialects):
        return False
    if not all(_tells(forward_result(arguments, dialect).values) for dialect in dialects):
        return False
    return not any(fairness(arguments, dialect) for dialect in {d.for_mode(mode) for d in DIALECTS.values()})


def _tells(values: Any) -> bool:
    """Whether neither zeros nor any other constant would pass for an output."""
    return len(set(values.flat)) > 1 if values.size > 1 else any(values.flat)


def _gradient_suits(case: Mapping[str, Any], dialect: Dialect) -> bool:
    arguments, operation = case["arguments"], Operation(case["operation"])
    if not {"float32", "float64"} <= set(exact_gradient_dtypes(arguments, operation, dialect)):
        return False
    exact = gradient(arguments, operation, dialect)
    match exact:
        case FeatureGradient():
            smooth = not exact.ties.any()
        case BoxGradient():
            smooth = not any(exact.kink)
    return smooth and _tells(exact.values)


_GRADIENT_RULES = {Operation.FORWARD: [], Operation.FEATURE_GRADIENT: ["RA-15"], Operation.BOX_GRADIENT: ["RA-16"]}


def rules_of(given: Mapping[str, Any], operation: Operation) -> list[str]:
    """The rules that a call exercises."""
    rules = ["RA-1", "RA-2", "RA-3", "RA-5", "RA-6", "RA-7", "RA-8" if given["mode"] == "avg" else "RA-9"]
    rules += ["RA-4"] if 0 in given["sampling_ratio"] else []
    rules += ["RA-12"] if given["input"]["shape"][0] > 1 else []
    rules += ["RA-11"] if given.get("invalid_rois") else []
    rules += _GRADIENT_RULES[operation]
    return rules
