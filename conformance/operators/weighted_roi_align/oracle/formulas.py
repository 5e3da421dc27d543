"""The formulas of ``RULES.md``, SW-1 to SW-8 and SW-13 to SW-15, once RoIAlign's answers are known: one method for each step.

Let A be what RoIAlign makes of a map, and Aᵀ what its gradient makes of what arrives. Then the sums of weighted pixels are A(wF),
those of weights are A(w), and the gradients are Aᵀ, or that for boxes, of quotients. Of a maximum A is of wF, and so is where
Aᵀ sends what arrives. A subclass that overrides a method imitates a faulty implementation; whoever hands over another `Asking`,
one whose RoIAlign is at fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .....kernels.dialects.weighted_roi_align import Guard
from ....arrays import box_rows, feature_map
from ....exact.floats import FLOAT_TYPES
from ....exact.numbers import Special
from ....operation import Operation
from ...roi_align.oracle.gradient import box_gradient, feature_gradient
from ...roi_align.oracle.output import refused, roi_align
from ..own_maps import brought_together, images_of, numbered, taken
from .means import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array, Exact

    Arguments = Mapping[str, Any]

ZERO: Any = Fraction(0)


class Asking(Protocol):
    """What RoIAlign answers."""

    def __call__(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, maps: Array, grad: Array | None = None, /
    ) -> Array:
        """An array of `Exact`, for the boxes and parameters of ``arguments``, on other maps and for what else arrives."""


def exact_answer(
    arguments: Arguments,
    operation: Operation,
    dialect: Dialect,
    maps: Array,
    grad: Array | None = None,
    *,
    last_of_ties: bool = False,
) -> Array:
    """What RoIAlign must answer, in rational arithmetic. Of equal maxima the first has what arrives, or the last."""
    boxes, mode = box_rows(arguments["boxes"]), arguments["mode"]
    how = tuple(arguments["spatial_scale"]), tuple(arguments["sampling_ratio"]), mode, dialect
    if operation == Operation.FORWARD:
        result = roi_align(maps, boxes, tuple(arguments["output_size"]), *how)
        return refused(result, FLOAT_TYPES["float64"]).values
    if operation == Operation.BOX_GRADIENT:
        return box_gradient(grad, maps, boxes, *how).values  # type: ignore[arg-type]
    images, channels, height, width = maps.shape
    shape, read = (images, channels, height, width), maps if mode == "max" else None
    return feature_gradient(grad, boxes, shape, *how, read, last_of_ties=last_of_ties).values  # type: ignore[arg-type]


def last_answer(
    arguments: Arguments, operation: Operation, dialect: Dialect, maps: Array, grad: Array | None = None
) -> Array:
    """What RoIAlign may answer, too: of equal maxima the last has what arrives."""
    return exact_answer(arguments, operation, dialect, maps, grad, last_of_ties=True)


def each(function: Callable[..., Any], *arrays: Any) -> Array:
    """A function of each element."""
    found: Any = np.frompyfunc(function, len(arrays), 1)(*arrays)
    results: Array = found
    return results


def is_number(x: Any) -> bool:
    """Whether it is an exact number, and not a value that is none."""
    return isinstance(x, Fraction)


def _product(a: float, b: float) -> Fraction | float:
    finite = np.isfinite(a) and np.isfinite(b)
    return Fraction(a) * Fraction(b) if finite else float(a) * float(b)


def product(a: Array, b: Array) -> Array:
    """The products of two arrays of float64, exactly; NaN or infinite where a factor is."""
    with np.errstate(invalid="ignore"):
        return each(_product, a, b)


def quotient(a: Exact | None, b: Exact | None) -> Exact | None:
    """SW-4: a sum of weighted pixels over a divisor; None of an invalid RoI."""
    if a is None or b is None:
        return None
    if not isinstance(b, Fraction) or a is Special.NAN:
        return Special.NAN
    if not isinstance(a, Fraction):
        return Special.NONFINITE
    if b:
        return a / b
    return Special.NONFINITE if a else Special.NAN


@dataclass(frozen=True)
class Formulas(Sampling):
    """One call under a dialect. ``maps``, ``weights`` and ``grad`` are float64; all else is exact."""

    arguments: Arguments
    dialect: Dialect
    ask: Asking = exact_answer

    def given(self, name: str) -> Array:
        """An array that is handed over."""
        return feature_map(self.arguments[name])

    @cached_property
    def images(self) -> Array | None:
        """SW-12: the image of each RoI, which then has weights, and a map, of its own; None if images have weights."""
        if self.arguments.get("weights_of", "images") == "images":
            return None
        return images_of(box_rows(self.arguments["boxes"]), self.arguments["input"]["shape"][0])

    @cached_property
    def asked(self) -> Arguments:  # type: ignore[override]
        """What RoIAlign is asked for, but for maps and what arrives: the boxes, on maps of their own if they have such."""
        arguments = {**self.arguments, "mode": "avg"} if self.mean else self.arguments
        if self.images is None:
            return arguments
        return {**arguments, "boxes": numbered(box_rows(self.arguments["boxes"]), self.images).tolist()}

    @cached_property
    def maps(self) -> Array:  # type: ignore[override]
        """F, ``(N, C, H, W)``; or ``(K, C, H, W)``, of RoIs that have maps of their own."""
        maps = self.given("input")
        return maps if self.images is None else taken(maps, self.images)

    @cached_property
    def weights(self) -> Array:  # type: ignore[override]
        """SW-1: w, ``(N, M, H, W)``, or ``(K, M, H, W)``."""
        return self.given("weights")

    @cached_property
    def grad(self) -> Array:
        """What arrives, ``(K, C, P_h, P_w)``, as fractions."""
        return each(Fraction, feature_map(self.arguments["grad"]))

    @property
    def is_maximum(self) -> bool:
        """SW-13: whether bins are maxima of their samples."""
        return bool(self.arguments["mode"] == "max")

    @property
    def normalise(self) -> bool:
        """Whether bins are divided by the sums of their weights."""
        return bool(self.arguments.get("normalise", False))

    @property
    def guard(self) -> Guard:
        """What becomes of sums of nothing."""
        return Guard(self.arguments.get("guard", "zero"))

    @property
    def epsilon(self) -> Fraction:
        """What is added to a sum, or its least value."""
        return Fraction(self.arguments.get("epsilon", 1e-6))

    # ---- the output ----

    def weighed(self) -> Array:
        """SW-2: the products of weights and pixels."""
        return product(self.weights, self.maps)

    @cached_property
    def sums(self) -> Array:
        """SW-3, SW-13: the sums of weighted pixels, or maxima or means, of each bin, ``(K, C, P_h, P_w)``."""
        return (
            self.pooled_means() if self.mean else self.ask(self.asked, Operation.FORWARD, self.dialect, self.weighed())
        )

    @cached_property
    def totals(self) -> Array:
        """SW-4: the sums of the weights of each bin, ``(K, M, P_h, P_w)``."""
        return self.ask(self.asked, Operation.FORWARD, self.dialect, product(self.weights, np.ones(())))

    def guarded(self, total: Exact | None) -> Exact | None:
        """SW-5: what a bin is divided by."""
        if not isinstance(total, Fraction):
            return total
        match self.guard:
            case Guard.ADD:
                return total + self.epsilon
            case Guard.CLAMP:
                return max(total, self.epsilon)
            case _:
                return total

    @cached_property
    def divisors(self) -> Array:
        """What each bin is divided by, ``(K, M, P_h, P_w)``: 1 unless bins are normalised."""
        if not self.normalise:
            return np.full((len(self.sums), 1, 1, 1), Fraction(1), object)
        return each(self.guarded, self.totals)

    @cached_property
    def nothing(self) -> Array:
        """SW-5: which bins are 0 since their weights add up to 0; of the shape of ``divisors``."""
        found: Array = np.equal(self.divisors, ZERO).astype(bool) & (self.guard == Guard.ZERO)
        return found

    @cached_property
    def output(self) -> Array:
        """SW-3, SW-4, ``(K, C, P_h, P_w)``."""
        found = each(quotient, self.sums, self.divisors)
        found[np.broadcast_to(self.nothing, found.shape)] = ZERO
        return found

    # ---- gradients ----

    @cached_property
    def share(self) -> Array:  # type: ignore[override]
        """SW-6: what arrives over what a bin is divided by, ``(K, C, P_h, P_w)``: 0 of what is 0 or invalid."""
        known = each(lambda d: is_number(d) and d != 0, self.divisors).astype(bool)
        one: Any = Fraction(1)
        share: Array = np.where(known, self.grad / np.where(known, self.divisors, one), ZERO)
        return share

    def outputs_taken(self) -> Array:
        """SW-6: what is taken from a pixel before it is weighed: the output, where the divisor depends on the weights."""
        known = each(is_number, self.output).astype(bool)
        if not self.normalise:
            return np.full(self.output.shape, ZERO, object)
        if self.guard == Guard.CLAMP:
            known &= each(lambda d: is_number(d) and d >= self.epsilon, self.totals).astype(bool)
        taken: Array = np.where(known, self.output, ZERO)
        return taken

    def compared(self) -> Array:
        """SW-13: what is sampled, where it matters who is sent anything; an average sends to all."""
        return self.weighed() if self.is_maximum else self.maps

    def sent(self, grad: Array) -> Array:
        """What bins send to what is sampled, if this arrives; of means what `share` is."""
        if self.mean:
            return self.sent_by_means()
        return self.ask(self.asked, Operation.FEATURE_GRADIENT, self.dialect, self.compared(), grad)

    def for_maps(self) -> Array:
        """SW-6, ``(N, C, H, W)``."""
        sent = self.sent(self.share)
        return self.together(self.exact_weights * sent)

    def together(self, gradient: Array) -> Array:
        """SW-12: the gradient for the maps of images, from that for those of RoIs."""
        if self.images is None:
            return gradient
        found: Array = brought_together(gradient, self.images, self.arguments["input"]["shape"][0])
        return found

    def for_weights(self) -> Array:
        """SW-6, ``(N, M, H, W)``."""
        if self.mean:
            return self.summed(each(Fraction, self.maps) * self.sent_by_means())
        sent, taken = (self.sent(grad) for grad in (self.share, self.share * self.outputs_taken()))
        return self.summed(each(Fraction, self.maps) * sent - taken)

    def summed(self, gradient: Array) -> Array:
        """The gradient of what all channels have together, from that of each."""
        if self.weights.shape[1] != 1 or gradient.shape[1] == 1:
            return gradient
        return gradient.sum(1, keepdims=True) if gradient.size else np.full(self.weights.shape, ZERO, object)

    def for_boxes(self) -> Array:
        """SW-6, ``(K, 4)``."""
        if self.mean:
            return self.slopes_of_means()
        of_sums = self.ask(self.asked, Operation.BOX_GRADIENT, self.dialect, self.weighed(), self.share)
        if not self.normalise:
            return of_sums
        of_channels = np.broadcast_to(self.exact_weights, self.maps.shape)
        grad = self.share * self.outputs_taken()
        of_totals = self.ask(self.asked, Operation.BOX_GRADIENT, self.dialect, of_channels, grad)
        return each(lambda a, b: None if a is None or b is None else a - b, of_sums, of_totals)

    @cached_property
    def exact_weights(self) -> Array:  # type: ignore[override]
        """The weights as fractions."""
        return each(Fraction, self.weights)

    def returned(self, operation: Operation) -> Array:
        """What is asked for."""
        match operation:
            case Operation.FORWARD:
                return self.output
            case Operation.FEATURE_GRADIENT:
                return self.for_maps()
            case Operation.BOX_GRADIENT:
                return self.for_boxes()
            case Operation.WEIGHT_GRADIENT:
                return self.for_weights()
        raise ValueError(f"weighted RoIAlign has no {operation}")
