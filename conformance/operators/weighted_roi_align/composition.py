"""Weighted RoIAlign by calls of RoIAlign: what anybody who has that one can be asked for. NumPy only.

The output takes two calls, of weighted maps and of weights, a maximum the first of them; each gradient is made of RoIAlign's own,
of quotients (SW-6 to SW-8). All else is computed in the data type of the call: a product for each pixel, and a quotient for each
bin. So it errs no more than `oracle.bounds` allows: what RoIAlign returns is off by no more than its own bound, products and
quotients are rounded once, and the bounds have room for a quotient that is rounded twice. Where a call is exact in any order of
operations, so is each of these calls (`oracle.certificate`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ....kernels.dialects.weighted_roi_align import Guard
from ...operation import Operation
from ..roi_align.call import RoiAlignCall
from .own_maps import brought_together, images_of, numbered, taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import WeightedRoiAlignCall

    Ask = Callable[[RoiAlignCall], np.ndarray]


def composed(call: WeightedRoiAlignCall, ask: Ask) -> np.ndarray:
    """What a call asks for, of what ``ask`` returns for calls of RoIAlign, of its data type, layout and dialect.

    Raises:
        ValueError: weights are of another shape than SW-1 says, or a maximum is to be divided, of which RoIAlign sees nothing.
    """
    _check_weights(call)
    if call.normalise and call.mode == "max":
        raise ValueError("normalise is for averages alone")
    if call.weights_of == "rois":
        return _of_rois(call, ask)
    with np.errstate(all="ignore"):  # NaN and infinities are values like others
        return _Composition(call, ask).returned()


def _check_weights(call: WeightedRoiAlignCall) -> None:
    first = len(call.boxes) if call.weights_of == "rois" else len(call.input)
    channels = 3 if call.layout == "NHWC" else 1
    shape = (first, *call.input.shape[1:])
    one = tuple(1 if axis == channels else size for axis, size in enumerate(shape))
    if call.weights.shape not in (one, shape):
        raise ValueError(f"weights must have shape {one} or {shape}, not {call.weights.shape}")


def _of_rois(call: WeightedRoiAlignCall, ask: Ask) -> np.ndarray:
    """SW-12: of a call with weights of RoIs, each of which has its image as a map of its own."""
    images = images_of(call.boxes, len(call.input))
    own = replace(
        call, input=taken(call.input, images), boxes=numbered(call.boxes, images), weights_of="images"
    )  # fmt: skip
    found = composed(own, ask)
    if call.operation != Operation.FEATURE_GRADIENT:
        return found
    together: np.ndarray = brought_together(found, images, len(call.input))
    return together


@dataclass(frozen=True)
class _Composition:
    call: WeightedRoiAlignCall
    ask: Ask

    @property
    def channels(self) -> int:
        """The axis of channels."""
        return 3 if self.call.layout == "NHWC" else 1

    @cached_property
    def together(self) -> bool:
        """Whether all channels have the same weights."""
        return bool(self.call.weights.shape[self.channels] == 1)

    def asked(self, maps: np.ndarray, grad: np.ndarray | None = None, *, boxes: bool = False) -> np.ndarray:
        """The output of RoIAlign; or, if something arrives, its gradient for the maps, or for the boxes."""
        of_gradient = Operation.BOX_GRADIENT if boxes else Operation.FEATURE_GRADIENT
        call = self.call
        return self.ask(
            RoiAlignCall(
                operation=Operation.FORWARD if grad is None else of_gradient, layout=call.layout, dialect=call.dialect,
                input=np.ascontiguousarray(maps), boxes=call.boxes, output_size=call.output_size,
                spatial_scale=call.spatial_scale, sampling_ratio=call.sampling_ratio, mode=call.mode,
                grad=None if grad is None else np.ascontiguousarray(grad),
            )
        )  # fmt: skip

    # ---- the output ----

    @cached_property
    def weighed(self) -> np.ndarray:
        """SW-2: the products of weights and pixels."""
        product: np.ndarray = self.call.weights * self.call.input
        return product

    @cached_property
    def totals(self) -> np.ndarray:
        """SW-4: the sums of the weights of each bin."""
        return self.asked(self.call.weights)

    @cached_property
    def divisors(self) -> np.ndarray:
        """SW-5: what each bin is divided by."""
        epsilon = self.totals.dtype.type(self.call.epsilon)
        match self.call.guard:
            case Guard.ADD:
                return np.asarray(self.totals + epsilon)
            case Guard.CLAMP:
                return np.asarray(np.where(self.totals < epsilon, epsilon, self.totals))
            case _:
                return self.totals

    @cached_property
    def nothing(self) -> np.ndarray:
        """SW-5: which bins are 0 since their weights add up to 0."""
        return np.asarray(np.equal(self.divisors, 0) & (self.call.guard == Guard.ZERO))

    @cached_property
    def output(self) -> np.ndarray:
        """SW-3, SW-4."""
        sums = self.asked(self.weighed)
        if not self.call.normalise:
            return sums
        return np.asarray(np.where(self.nothing, sums.dtype.type(0), sums / self.divisors))

    # ---- gradients ----

    @cached_property
    def share(self) -> np.ndarray:
        """SW-6: what arrives over what a bin is divided by; 0 of what is 0 or invalid."""
        grad = self._grad
        if not self.call.normalise:
            return grad
        known = np.isfinite(self.divisors) & (self.divisors != 0)
        return np.asarray(np.where(known, grad / self.divisors, grad.dtype.type(0)))

    @property
    def _grad(self) -> np.ndarray:
        assert self.call.grad is not None
        return self.call.grad

    @cached_property
    def taken(self) -> np.ndarray:
        """SW-7: that times the output, where the divisor depends on the weights; the sum over channels if these have the same."""
        known = np.isfinite(self.output)
        if self.call.guard == Guard.CLAMP:
            known &= ~(self.totals < self.call.epsilon)
        return self.summed(self.share * np.where(known, self.output, 0))

    def summed(self, array: np.ndarray) -> np.ndarray:
        """What weights get of each channel: of weights that all channels have, the sum."""
        return array.sum(self.channels, keepdims=True) if self.together else array

    @property
    def compared(self) -> np.ndarray:
        """SW-13: what a maximum is of; an average does not look at maps."""
        return self.weighed if self.call.mode == "max" else self.call.input

    def for_maps(self) -> np.ndarray:
        """SW-6."""
        return np.asarray(self.call.weights * self.asked(self.compared, self.share))

    def for_weights(self) -> np.ndarray:
        """SW-7."""
        found = self.summed(self.call.input * self.asked(self.compared, self.share))
        return np.asarray(found - self.asked(self.call.weights, self.taken) if self.call.normalise else found)

    def for_boxes(self) -> np.ndarray:
        """SW-8."""
        found = self.asked(self.weighed, self.share, boxes=True)
        if self.call.normalise:
            found = found - self.asked(self.call.weights, self.taken, boxes=True)
        return np.asarray(found)

    def returned(self) -> np.ndarray:
        """What is asked for."""
        made: dict[Operation, Any] = {
            Operation.FORWARD: lambda: self.output,
            Operation.FEATURE_GRADIENT: self.for_maps,
            Operation.WEIGHT_GRADIENT: self.for_weights,
            Operation.BOX_GRADIENT: self.for_boxes,
        }
        found: np.ndarray = made[self.call.operation]()
        return np.ascontiguousarray(found, dtype=self.call.input.dtype.newbyteorder("="))
