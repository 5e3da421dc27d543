"""The exact answers, quickly, of calls whose numbers are small multiples of powers of two: RoIAlign's quick ones, put together.

The formulas are those of `Formulas`, in float64, where nothing is rounded: a call of which `certificate.parts` says otherwise is
refused, each part held against RoIAlign's own quick certificate. That counts in integers, so that quotients are multiplied by a
power of two first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import DIALECTS, Guard
from ....arrays import box_rows, feature_map
from ....call import MAP_GRADIENTS
from ....exact.floats import FLOAT_TYPES, WORKING
from ....operation import Operation
from ...roi_align.oracle import quick as of_roi_align
from ...roi_align.oracle.quick_gradient import quick_gradient
from ..own_maps import brought_together, images_of, numbered, taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

_FINEST = 2.0**-24


class NotExactError(Exception):
    """A number is no small multiple of a power of two."""


class Quick:
    """One call in one data type, under a named dialect.

    Raises:
        NotExactError: by all that it computes, where a number is not exact.
    """

    def __init__(self, arguments: Arguments, dialect: str, dtype: str, *, last: bool = False) -> None:
        """Of the arguments of a case; if it is the ``last`` of equal maxima that has what arrives."""
        self.arguments, self.dialect, self.dtype, self.last = arguments, dialect, dtype, last
        self.is_maximum = arguments["mode"] == "max"
        self.maps, self.weights = feature_map(arguments["input"]), feature_map(arguments["weights"])
        self.given = arguments
        self.images: Array | None = None
        if arguments.get("weights_of", "images") == "rois":
            self._give_maps_to_rois()
        self.normalise, self.guard = arguments.get("normalise", False), arguments.get("guard", "zero")
        self.epsilon = arguments.get("epsilon", 1e-6)
        stored = [self.maps, self.weights]
        self.grad = feature_map(arguments["grad"]) if "grad" in arguments else None
        stored += [] if self.grad is None else [self.grad]
        self._require(FLOAT_TYPES[dtype], *stored)
        if not all(map(of_roi_align.are_integers, stored)):
            raise NotExactError
        self.kinks: Array | None = None

    def _give_maps_to_rois(self) -> None:
        """Each RoI has its image as a map of its own."""
        rows = box_rows(self.given["boxes"])
        self.images = images_of(rows, len(self.maps))
        self.maps = taken(self.maps, self.images)
        own = {"boxes": numbered(rows, self.images).tolist(), "input": _as_rows(self.maps)}
        self.arguments = {**self.given, **own}

    def _require(self, type_: Any, *arrays: Array) -> None:
        if not all(of_roi_align.holds(type_, array) for array in arrays):
            raise NotExactError

    def _holds(self, array: Array) -> Array:
        """An array, if the type that is computed with has its numbers."""
        self._require(FLOAT_TYPES[WORKING[self.dtype]], array)
        return array

    def pooled(self, maps: Array) -> Array:
        """What RoIAlign makes of maps."""
        given = {**self.arguments, "input": _as_rows(maps)}
        found = of_roi_align.quick(given, self.dialect, WORKING[self.dtype])
        if found is None:
            raise NotExactError
        return found

    def totals(self) -> Array:
        """The sums of weights, which are powers of two where bins are divided by them; 1 if they are not."""
        if not self.normalise:
            return np.ones((len(self.arguments["boxes"]), 1, 1, 1))
        totals = self.pooled(self.weights)
        match self.guard:
            case Guard.ADD:
                totals = self._holds(totals + self.epsilon)
            case Guard.CLAMP:
                totals = np.where(totals < self.epsilon, self.epsilon, totals)
        significand, _ = np.frexp(totals[np.isfinite(totals) & (totals != 0)])
        if (abs(significand) != 0.5).any() or (self.guard == Guard.NONE and (totals == 0).any()):
            raise NotExactError
        return totals

    def output(self) -> Array:
        """``(K, C, P_h, P_w)``; NaN of an invalid RoI."""
        totals = self.totals()
        return self._holds(np.where(totals == 0, 0.0, self.pooled(self.weights * self.maps) / _or_one(totals)))

    def returned(self, operation: Operation) -> Array:
        """What is asked for; of a RoI that is invalid NaN, but that it sends nothing."""
        if operation == Operation.FORWARD:
            return self.output()
        assert self.grad is not None
        totals = self.totals()
        share = np.where(np.isfinite(totals) & (totals != 0), self.grad / _or_one(totals), 0.0)
        if self.is_maximum:
            self._holds(self.pooled(self.weights * self.maps))  # what is compared
        if operation == Operation.FEATURE_GRADIENT:
            # What RoIs of an image send to it adds up, whoever has the weights.
            self._certify(operation, share * _cover(abs(self.weights).max(initial=1)), of=self.given)
            sent = self.weights * self._sent(operation, share, self._compared())
            if self.images is not None:
                sent = brought_together(sent, self.images, self.given["input"]["shape"][0])
            return self._holds(sent)
        taken = self._taken()
        finest = _finest(taken)
        largest = abs(self.maps).max(initial=1) + abs(taken).max(initial=0)
        if operation == Operation.WEIGHT_GRADIENT:
            return self._for_weights(share, taken, largest / finest, finest)
        times = _cover(abs(self.weights).max(initial=1) * largest / finest)
        self._certify(operation, share, np.full(self.maps.shape, times), finest)
        of_sums = self._sent(operation, share, self.weights * self.maps)
        if not self.normalise:
            return self._holds(of_sums)
        each = np.broadcast_to(self.weights, self.maps.shape)
        return self._holds(of_sums - self._sent(operation, share * taken, each))

    def _for_weights(self, share: Array, taken: Array, most: float, finest: float) -> Array:
        together = self.weights.shape[1] == 1
        feature = Operation.FEATURE_GRADIENT
        self._certify(feature, share * _cover(most * (self.maps.shape[1] if together else 1)), None, finest)
        gradient = self.maps * self._sent(feature, share, self._compared())
        if self.normalise:
            gradient = gradient - self._sent(feature, share * taken)
        return self._holds(gradient.sum(1, keepdims=True) if together else gradient)

    def _compared(self) -> Array | None:
        """What a maximum is of."""
        return self.weights * self.maps if self.is_maximum else None

    def _taken(self) -> Array:
        """The output, where the divisor depends on weights."""
        if not self.normalise:
            return np.zeros((1, 1, 1, 1))
        taken = np.nan_to_num(self.output())
        return np.where(self.pooled(self.weights) < self.epsilon, 0.0, taken) if self.guard == Guard.CLAMP else taken

    def _sent(self, operation: Operation, grad: Array, maps: Array | None = None) -> Array:
        """A gradient of RoIAlign, on other maps, where something else arrives."""
        times = 1 / _finest(grad)
        given = {**self.arguments, "grad": _as_rows(grad * times)}
        if maps is not None:
            given["input"] = _as_rows(maps)
        found = quick_gradient(given, operation, self.dialect, "float64")
        if found is None:
            raise NotExactError
        self.kinks = found.kinks
        return (found.last if self.last else found.values) / times

    def _certify(
        self,
        operation: Operation,
        grad: Array,
        maps: Array | None = None,
        finest: float = 1.0,
        of: Arguments | None = None,
    ) -> None:
        """Makes sure that a gradient is exact in the type that is computed with; its unit is ``finest`` of what it seems."""
        times = 1 / _finest(grad)
        given = {**(of or self.arguments), "grad": _as_rows(grad * times)}
        if maps is not None:
            given["input"] = _as_rows(maps)
        found = quick_gradient(given, operation, self.dialect, WORKING[self.dtype])
        if found is None or finest / times < FLOAT_TYPES[WORKING[self.dtype]].smallest:
            raise NotExactError


def quick(
    arguments: Arguments, operation: Operation, dialect: str, dtype: str
) -> tuple[list[Array], Array | None] | None:
    """The exact result in float64, and of a gradient for boxes where it is a convention; None if it is not exact in ``dtype``.

    Of equal maxima the first has what arrives; if it makes a difference, the result is also there if the last has.
    """
    try:
        call = Quick(arguments, name_of(dialect), dtype)
        found = [call.returned(operation)]
        if call.is_maximum and operation in MAP_GRADIENTS:
            found.append(Quick(arguments, name_of(dialect), dtype, last=True).returned(operation))
    except (NotExactError, of_roi_align.NotExactError):
        return None
    if any(abs(values[np.isfinite(values)]).max(initial=0) > FLOAT_TYPES[dtype].largest for values in found):
        return None
    different = found[:1] if np.array_equal(found[0], found[-1], equal_nan=True) else found
    return different, call.kinks if operation == Operation.BOX_GRADIENT else None


def name_of(dialect: str) -> str:
    """The name of RoIAlign's dialect, which is the same."""
    assert dialect in DIALECTS
    return dialect


def _as_rows(array: Array) -> dict[str, Any]:
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist() if array.size else []}


def _or_one(totals: Array) -> Array:
    return np.where(totals == 0, 1.0, totals)


def _finest(array: Array) -> float:
    """The largest power of two, 1 at most, of which all numbers are multiples.

    Raises:
        NotExactError: it is too small.
    """
    unit = 1.0
    while not np.array_equal(array / unit, np.rint(array / unit)):
        unit /= 2
        if unit < _FINEST:
            raise NotExactError
    return unit


def _cover(largest: float) -> float:
    """A number with no powers of two to spare, not less than this."""
    return float(2 ** int(np.ceil(largest)).bit_length() - 1)
