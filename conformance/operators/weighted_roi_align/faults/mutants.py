"""Faults to inject into the oracle, one at a time: RoIAlign's, and those of weights, divisors and what is sent back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import DIALECTS, MEANS
from ....operation import Operation
from ...roi_align.faults.corner_mutants import CORNER_MUTANTS
from ...roi_align.faults.gradient_mutants import GRADIENT_MUTANTS
from ...roi_align.faults.mutants import MUTANTS as SAMPLING_MUTANTS
from ..oracle.formulas import Formulas, each, exact_answer
from . import formulas as faults
from . import mean_formulas as means

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

MODES = ("avg", "max")
ALL_MODES = (*MODES, *MEANS)
FORWARD, FOR_MAPS, FOR_BOXES, FOR_WEIGHTS = (
    Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT, Operation.WEIGHT_GRADIENT,
)  # fmt: skip


_PARAMETERS = ("boxes", "output_size", "spatial_scale", "sampling_ratio", "mode")


def _as_rows(array: Array) -> dict[str, Any]:
    """Numbers as case files have them, rounded to float64."""
    floats = each(float, array).astype(np.float64)
    return {"shape": list(array.shape), "rows": floats.reshape(-1, array.shape[-1]).tolist() if array.size else []}


def remembered(
    arguments: Arguments, operation: Operation, dialect: Dialect, maps: Array, grad: Array | None = None
) -> Array:
    """What RoIAlign must answer: most faults ask for the same."""
    how = json.dumps([arguments[name] for name in _PARAMETERS])
    sent = None if grad is None else (grad.shape, tuple(grad.flat))
    return _known(how, operation, dialect, (maps.shape, tuple(maps.flat)), sent)


@lru_cache(maxsize=256)
def _known(how: str, operation: Operation, dialect: Dialect, maps: Any, grad: Any) -> Array:
    given = dict(zip(_PARAMETERS, json.loads(how), strict=True))
    arrays = (None if known is None else _array(*known) for known in (maps, grad))
    return exact_answer(given, operation, dialect, *arrays)  # type: ignore[arg-type]


def _array(shape: tuple[int, ...], values: tuple[Any, ...]) -> Array:
    array: Array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


@dataclass(frozen=True, slots=True)
class Sampled:
    """A fault of RoIAlign, in the calls of which this one is made.

    Attributes:
        fault: That of RoIAlign.
        operation: What the fault is in: what RoIAlign's is in; of a gradient for the maps also that for weights.
        dtype: The data type of the calls in which it shows; if another is given, the fault is one of that type.
    """

    fault: Any
    operation: Operation
    dtype: str = ""

    def __post_init__(self) -> None:
        """Makes data types agree."""
        if self.dtype:
            object.__setattr__(self, "fault", replace(self.fault, dtype=self.dtype))
        object.__setattr__(self, "dtype", self.fault.dtype)

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""
        return f"{'for weights: ' * (self.operation == FOR_WEIGHTS)}{self.fault.name}"

    @property
    def who(self) -> str:
        """Nobody is known to have it here."""
        return ""

    @property
    def equivalent(self) -> str:
        """Why it cannot show where it does not concern a dialect."""
        why: str = self.fault.equivalent
        return why

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode: RoIAlign has no other means."""
        return mode not in MEANS and bool(self.fault.concerns(dialect, mode))

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        undefined: list[Array] = []  # where a gradient for the maps is no number

        def ask(given: Arguments, asked: Operation, rules: Dialect, maps: Array, grad: Array | None = None) -> Array:
            if asked != self.fault.operation:
                return remembered(given, asked, rules, maps, grad)
            changed = {**given, "input": _as_rows(maps)}
            if grad is not None:
                changed["grad"] = _as_rows(grad)
            found: Array = self.fault.returned(changed, asked, rules, many=many)
            if asked == FOR_MAPS:
                undefined.append(each(lambda x: x is None, found).astype(bool))
                found[undefined[-1]] = Fraction(0)
            return found

        call = Formulas(arguments, dialect, ask)
        found = call.returned(operation)
        if operation == FOR_MAPS:
            undefined = [call.together(of_channels.astype(int)).astype(bool) for of_channels in undefined]
        for of_channels in undefined:
            found[of_channels if found.shape == of_channels.shape else of_channels.any(1, keepdims=True)] = None
        return found


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault in the formulas of weights.

    Attributes:
        name: What is wrong, in a few words.
        formulas: The oracle's, with the fault.
        operation: What the fault is in.
        who: Who has or had it.
        dtype: The data type of the calls in which it shows.
        modes: Those in which it can show.
        equivalent: Empty, since it can show under every dialect.
    """

    name: str
    formulas: type[Formulas]
    operation: Operation = FORWARD
    who: str = ""
    dtype: str = "float64"
    modes: tuple[str, ...] = MODES
    equivalent: str = ""

    def concerns(self, dialect: Dialect, mode: str) -> bool:
        """Whether the fault can show under a dialect and in a mode: under all."""
        del dialect
        return mode in self.modes

    def returned(self, arguments: Arguments, operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case."""
        del many
        return self.formulas(arguments, dialect, remembered).returned(operation)


_LITTLE = Fraction(1, 2**12)

_WEIGHTS: Mapping[str, type[Formulas]] = {
    "weights of the first image for all": faults.weights_read(faults.of_first_image),
    "weights with rows and columns exchanged": faults.weights_read(faults.transposed),
    "weights of the next pixel": faults.weights_read(faults.next_pixel),
    "weights of the first channel for all": faults.weights_read(faults.of_first_channel),
    "weights without their sign": faults.weights_read(abs),
    "weights clamped to 0 and 1": faults.weights_read(lambda weights: weights.clip(0, 1)),
    "weights made 0 or 1": faults.weights_read(lambda weights: (weights > 0).astype(np.float64)),
    "weights of 1": faults.weights_read(np.ones_like),
    "weights of its image for a RoI": faults.OfItsImage,
}
_NO_EFFECT = {FOR_WEIGHTS: ("weights of 1",)}
_DIVISORS: Mapping[str, type[Formulas]] = {
    "divided by the number of samples, too": faults.DividedByGridToo,
    "a little added to every sum of weights": faults.divided(lambda total: total + _LITTLE),
    "sums of weights kept from being less than a little": faults.divided(lambda total: max(total, _LITTLE)),
    "divided by sums without their sign": faults.changed_divisors(abs),
    "epsilon neither added nor the least": faults.divided(lambda total: total),
    "epsilon added where it is the least, and the least where it is added": faults.GuardsExchanged,
    "all bins divided by the first one's sum": faults.TotalOfFirstBin,
    "divided by the mean weight of the image": faults.TotalOfImage,
    "all channels divided by the first one's sum": faults.DivisorOfFirstChannel,
    "divided if nobody asks for it, and only then": faults.DividedWithoutRequest,
}
_OF_ALL = (faults.DividedWithoutRequest,)
"""Those of divisors that show in maxima, too, of which none is divided."""


def _each(operation: Operation, where: str) -> Iterator[Mutant]:
    """The faults of weights and of divisors in an operation, whose names begin as it says."""
    for name, formulas in {**_WEIGHTS, **_DIVISORS}.items():
        if name not in _NO_EFFECT.get(operation, ()):
            modes = ALL_MODES if name in _WEIGHTS else MODES if formulas in _OF_ALL else ("avg",)
            yield Mutant(where + name, formulas, operation, modes=modes)


_FORWARD = (
    *_each(FORWARD, ""),
    Mutant("weights of its number for a RoI, where images have them", faults.OfItsNumber, modes=ALL_MODES),
    *(Mutant(name, formulas, modes=modes) for name, (formulas, modes) in means.OUTPUTS.items()),
    Mutant("pixels not weighed, sums of weights as they are", faults.Unweighted),
    Mutant("pixels weighed twice", faults.WeighedTwice),
    Mutant("interpolated first, and then multiplied", faults.Interpolated),
    Mutant("outputs of bins weighed, not pixels", faults.OfBins, who="MNC"),
    Mutant("a bin without weight is the mean of its pixels", faults.NothingIsMean, modes=("avg",)),
    Mutant("a bin without weight is not a number", faults.NothingIsNan, modes=("avg",)),
    Mutant("the greatest of pixels, by the greatest of weights", faults.WeighedAfterwards, modes=("max",)),
    *(
        Mutant(f"{what} in {dtype}", faults.rounded_to(dtype, products=products), dtype=dtype)
        for dtype in ("float16", "bfloat16")
        for what, products in (("products", True), ("sums of weights", False))
    ),
)
_WHERE = {FOR_MAPS: "backward: ", FOR_WEIGHTS: "for weights: ", FOR_BOXES: "for boxes: "}


def _sent_back() -> Iterator[Mutant]:
    for operation, where in _WHERE.items():
        yield from _each(operation, where)
        yield Mutant(f"{where}what arrives not divided by sums of weights", faults.NotShared, operation, modes=("avg",))
    for operation in (FOR_WEIGHTS, FOR_BOXES):
        taken = {
            "output not taken from pixels": faults.NothingTaken,
            "sums taken from pixels, not the output": faults.SumsTaken,
            "output taken where epsilon is divided by": faults.ClampedTaken,
            "output added to pixels": faults.BoxesOfTotals,
        }
        for name, formulas in taken.items():
            yield Mutant(_WHERE[operation] + name, formulas, operation, modes=("avg",))
    for operation in (FOR_MAPS, FOR_WEIGHTS):
        name = f"{_WHERE[operation]}what is compared not weighed"
        yield Mutant(name, faults.WeightsComparedNot, operation, modes=("max",))
    for operation, where in _WHERE.items():
        for name, (formulas, modes) in means.SENT.items():
            yield Mutant(where + name, formulas, operation, modes=modes)
    yield Mutant("backward: weights in the output alone", faults.MapsUnweighted, FOR_MAPS, modes=ALL_MODES)
    last_roi = "backward: the last RoI of an image with weights of its own"
    yield Mutant(last_roi, faults.OneRoiOfAnImage, FOR_MAPS, modes=ALL_MODES)
    of_all = "for weights: of all RoIs of its image for a RoI"
    yield Mutant(of_all, faults.WeightsOfRoisTogether, FOR_WEIGHTS, modes=ALL_MODES)
    yield Mutant("for boxes: maps not weighed", faults.BoxesUnweighted, FOR_BOXES)
    first = faults.summed_over(lambda gradient: gradient[:, :1])
    last = faults.summed_over(lambda gradient: gradient[:, -1:])
    mean = faults.summed_over(lambda gradient: gradient.sum(1, keepdims=True) / Fraction(gradient.shape[1]))
    of_weights: dict[str, type[Formulas]] = {
        "of the first channel": first,
        "of the last channel": last,
        "mean of the channels": mean,
        "sum over channels for each of them": faults.SummedAlways,
        "none": faults.after(np.zeros_like),
        "of ones": faults.after(lambda found: np.full_like(found, faults.ONE)),
    }
    for name, formulas in of_weights.items():
        yield Mutant(f"for weights: {name}", formulas, FOR_WEIGHTS, modes=ALL_MODES)


_NOT_HERE = (
    "offsets in 32 bits",  # of maps of so many elements as weights would have to have, too
    "bins of 14 × 14 in reverse order",  # RoIAlign's own cases have so many bins
    "bins of 7 × 7 in reverse order",
)


def _sampled() -> Iterator[Sampled]:
    """Faults of averages and maxima that can show under some dialect."""
    for fault in (*SAMPLING_MUTANTS, *CORNER_MUTANTS, *GRADIENT_MUTANTS):
        if fault.name in _NOT_HERE or not any(
            fault.concerns(dialect, mode) for dialect in DIALECTS.values() for mode in MODES
        ):
            continue
        yield Sampled(fault, fault.operation)
        if fault.operation == FOR_MAPS and not fault.name.startswith("backward: "):
            yield Sampled(fault, FOR_WEIGHTS)


MUTANTS: tuple[Sampled | Mutant, ...] = (*_FORWARD, *_sent_back(), *_sampled())
"""All faults."""
