"""Wrong ways to weigh, to divide and to send back: changes to the formulas of the oracle."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.weighted_roi_align import Guard
from ....arrays import box_rows
from ....exact.floats import rounded
from ....operation import Operation
from ....sampling.axis import stages
from ..oracle.formulas import ZERO, Formulas, each, is_number, product
from ..own_maps import NO_IMAGE, images_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....exact.numbers import Array, Exact

ONE: Any = Fraction(1)


def _both(*values: Any) -> bool:
    return all(isinstance(value, Fraction) for value in values)


def _multiplied(a: Array, b: Array) -> Array:
    """Products of what are numbers; of others the first."""
    return each(lambda x, y: x * y if _both(x, y) else x, a, b)


# ---- which weight ----------------------------------------------------------------------------------------------------


def weights_read(change: Callable[[Array], Array]) -> type[Formulas]:
    """Other weights than a pixel has, in everything that is computed."""

    class Misread(Formulas):
        @cached_property
        def weights(self) -> Array:  # type: ignore[override]
            return change(super().weights)

    return Misread


def of_first_image(weights: Array) -> Array:
    """Those of the first image for all."""
    return np.broadcast_to(weights[:1], weights.shape) if len(weights) else weights


def transposed(weights: Array) -> Array:
    """Rows and columns exchanged where they lie."""
    images, channels, height, width = weights.shape
    return weights.reshape(images, channels, width, height).swapaxes(2, 3)


def next_pixel(weights: Array) -> Array:
    """Those of the pixel to the right."""
    return np.roll(weights, -1, 3)


def of_first_channel(weights: Array) -> Array:
    """Those of the first channel for all."""
    return np.broadcast_to(weights[:, :1], weights.shape) if weights.shape[1] else weights


class OfItsImage(Formulas):
    """SW-12: of weights of RoIs a RoI has those that are its image's number's."""

    @cached_property
    def weights(self) -> Array:  # type: ignore[override]
        weights = super().weights
        return (
            weights if self.images is None or not len(weights) else weights[np.maximum(self.images, 0) % len(weights)]
        )


class OfItsNumber(Formulas):
    """SW-1: of weights of images a RoI has those that are its own number's."""

    @cached_property
    def images(self) -> Array | None:
        rows, count = box_rows(self.arguments["boxes"]), self.arguments["input"]["shape"][0]
        return images_of(rows, count) if super().images is None else super().images

    @cached_property
    def weights(self) -> Array:  # type: ignore[override]
        weights = super().weights
        of_images = self.arguments.get("weights_of", "images") == "images"
        assert self.images is not None
        return weights[np.arange(len(self.images)) % len(weights)] if of_images and len(weights) else weights


class OneRoiOfAnImage(Formulas):
    """SW-12: of several RoIs of an image only the last one sends anything to its maps."""

    def together(self, gradient: Array) -> Array:
        if self.images is None:
            return gradient
        found = np.full((self.arguments["input"]["shape"][0], *gradient.shape[1:]), ZERO, object)
        for image, of_roi in zip(self.images, gradient, strict=True):
            if image != NO_IMAGE:
                found[image] = of_roi
        return found


class WeightsOfRoisTogether(Formulas):
    """SW-12: the weights of each RoI get what those of all RoIs of its image get."""

    def for_weights(self) -> Array:
        found = super().for_weights()
        if self.images is None:
            return found
        return np.stack([found[self.images == image].sum(0) for image in self.images]) if len(found) else found


# ---- sums ------------------------------------------------------------------------------------------------------------


class Unweighted(Formulas):
    """Pixels as they are, above the line."""

    def weighed(self) -> Array:
        return product(self.maps, np.ones(()))


class WeighedTwice(Formulas):
    """Each pixel by the square of its weight, above the line."""

    def weighed(self) -> Array:
        return product(self.weights, self.weights * self.maps)


def _samples(call: Formulas) -> tuple[int, int]:
    g_y, g_x = call.arguments["sampling_ratio"]
    return int(g_y), int(g_x)


class Interpolated(Formulas):
    """SW-2: maps and weights are interpolated first, and then multiplied. As RoIAlign where grids are adaptive."""

    @cached_property
    def sums(self) -> Array:
        g_y, g_x = _samples(self)
        if not (g_y and g_x):
            return super().sums
        (rows, columns), images = self.arguments["output_size"], (self.maps, self.weights)
        of_samples = {**self.asked, "output_size": [rows * g_y, columns * g_x], "sampling_ratio": [1, 1]}
        pixels, weights = (
            self.ask({**of_samples, "mode": "avg"}, Operation.FORWARD, self.dialect, product(array, np.ones(())))
            for array in images
        )
        multiplied = _multiplied(pixels, np.broadcast_to(weights, pixels.shape))
        k, c = multiplied.shape[:2]
        of_bins = multiplied.reshape(k, c, rows, g_y, columns, g_x)
        found: Array = np.empty((k, c, rows, columns), object)
        for at in np.ndindex(found.shape):
            values = list(of_bins[at[0], at[1], at[2], :, at[3]].flat)
            numbers = all(isinstance(value, Fraction) for value in values)
            found[at] = self._of_samples(values) if numbers else values[0]
        return found

    def _of_samples(self, values: list[Any]) -> Any:
        if not self.is_maximum:
            return sum(values, ZERO) / len(values)
        start = self.dialect.max_start
        return max([*values, *([] if start is None else [Fraction(start)])])


class OfBins(Formulas):
    """MNC: the output of each bin is weighed by what its own weights come to."""

    @cached_property
    def sums(self) -> Array:
        pooled = self.ask(self.asked, Operation.FORWARD, self.dialect, product(self.maps, np.ones(())))
        return _multiplied(pooled, np.broadcast_to(self.totals, pooled.shape))


def rounded_to(dtype: str, *, products: bool) -> type[Formulas]:
    """Products, or the sums of weights, in a type of 16 bits."""

    class Rounded(Formulas):
        def weighed(self) -> Array:
            return rounded(super().weighed(), dtype) if products else super().weighed()

        @cached_property
        def totals(self) -> Array:
            return super().totals if products else rounded(super().totals, dtype)

        @cached_property
        def output(self) -> Array:
            return rounded(super().output, dtype)

    return Rounded


# ---- division --------------------------------------------------------------------------------------------------------


def divided(change: Callable[[Fraction], Fraction]) -> type[Formulas]:
    """Other numbers below the line, by the sum of weights, however that is to be guarded."""

    class Divided(Formulas):
        def guarded(self, total: Exact | None) -> Exact | None:
            return change(total) if isinstance(total, Fraction) else total

    return Divided


def changed_divisors(change: Callable[[Fraction], Fraction]) -> type[Formulas]:
    """Other numbers below the line, by what is due there."""

    class Divided(Formulas):
        def guarded(self, total: Exact | None) -> Exact | None:
            due = super().guarded(total)
            return change(due) if isinstance(due, Fraction) else due

    return Divided


class GuardsExchanged(Formulas):
    """Epsilon is added where it is to be the least, and the other way round."""

    @property
    def guard(self) -> Guard:
        due = super().guard
        return {Guard.ADD: Guard.CLAMP, Guard.CLAMP: Guard.ADD}.get(due, due)


class DividedByGridToo(Formulas):
    """SW-4: the sum of weighted pixels is divided by the number of samples, that of weights is not."""

    @cached_property
    def divisors(self) -> Array:
        found = super().divisors
        return _multiplied(found, self.counts()) if self.normalise else found

    def counts(self) -> Array:
        """How many samples a bin of each RoI has."""
        pairs = (self.arguments[name] for name in ("output_size", "spatial_scale", "sampling_ratio"))
        output_size, scale, ratio = map(tuple, pairs)
        found = []
        for row in box_rows(self.arguments["boxes"]):
            grids = ONE
            if np.isfinite(row).all():
                roi = stages(row.tolist(), self.maps.shape[2:], output_size, scale, ratio, self.dialect)
                grids = Fraction(max(roi.y.grid * roi.x.grid, 1))
            found.append(grids)
        counts: Array = np.array(found, object).reshape(-1, 1, 1, 1)
        return counts


class NothingIs(Formulas):
    """SW-5: a bin whose weights add up to 0 is not 0."""

    def of_nothing(self) -> Array:
        """What it is."""
        raise NotImplementedError

    @cached_property
    def output(self) -> Array:
        found = super().output
        where = np.broadcast_to(self.nothing, found.shape)
        return np.where(where, np.broadcast_to(self.of_nothing(), found.shape), found)


class NothingIsMean(NothingIs):
    """It is the mean of its pixels."""

    def of_nothing(self) -> Array:
        return self.ask(self.asked, Operation.FORWARD, self.dialect, product(self.maps, np.ones(())))


class NothingIsNan(Formulas):
    """It is 0 / 0."""

    @cached_property
    def nothing(self) -> Array:
        return np.zeros(self.divisors.shape, bool)


class TotalOfFirstBin(Formulas):
    """Each bin is divided by what the first bin of its RoI is to be divided by."""

    @cached_property
    def divisors(self) -> Array:
        found = super().divisors
        return np.broadcast_to(found[:, :, :1, :1], found.shape) if found.size else found


class TotalOfImage(Formulas):
    """As masked average pooling: by the sum of weights over the image, over that of pixels."""

    @cached_property
    def totals(self) -> Array:
        found = super().totals.copy()
        if not np.isfinite(self.weights).all():
            return found
        means = [weights.sum((1, 2)) / Fraction(weights[0].size) for weights in self.exact_weights]
        for k, row in enumerate(box_rows(self.asked["boxes"])):
            if np.isfinite(row[0]) and 0 <= int(row[0]) < len(means):
                keep = each(is_number, found[k]).astype(bool)
                found[k] = np.where(keep, np.broadcast_to(means[int(row[0])][:, None, None], found[k].shape), found[k])
        return found


class DivisorOfFirstChannel(Formulas):
    """Of weights for each channel, all are divided by the sum of the first."""

    @cached_property
    def divisors(self) -> Array:
        found = super().divisors
        return np.broadcast_to(found[:, :1], found.shape) if found.size else found


class DividedWithoutRequest(Formulas):
    """Bins are divided by the sums of weights though nobody asked for that; or are not, though somebody did."""

    @property
    def normalise(self) -> bool:
        return not super().normalise


# ---- sent back -------------------------------------------------------------------------------------------------------


class MapsUnweighted(Formulas):
    """The weights are used in the output alone."""

    def for_maps(self) -> Array:
        return self.together(self.sent(self.share))


class WeightsComparedNot(Formulas):
    """SW-13: the pixels themselves are compared, and the greatest sample of these has what arrives."""

    def compared(self) -> Array:
        return self.maps


class WeighedAfterwards(Formulas):
    """SW-13: the greatest sample of pixels, by the greatest of weights."""

    @cached_property
    def sums(self) -> Array:
        if not self.is_maximum:
            return super().sums
        pixels, weights = (
            self.ask(self.asked, Operation.FORWARD, self.dialect, product(array, np.ones(())))
            for array in (self.maps, self.weights)
        )
        return _multiplied(pixels, np.broadcast_to(weights, pixels.shape))


class NotShared(Formulas):
    """What arrives is not divided by the sum of weights."""

    @cached_property
    def share(self) -> Array:  # type: ignore[override]
        return np.where(np.equal(super().share, ZERO), ZERO, self.grad)


class NothingTaken(Formulas):
    """The sum of weights is held fixed: the output is not taken from the pixels."""

    def outputs_taken(self) -> Array:
        return np.full(self.output.shape, ZERO, object)


class SumsTaken(Formulas):
    """The sum of weighted pixels is taken from them, not the output."""

    def outputs_taken(self) -> Array:
        known = each(is_number, self.sums).astype(bool)
        return np.where(known & ~np.equal(super().outputs_taken(), ZERO).astype(bool), self.sums, ZERO)


class ClampedTaken(Formulas):
    """The output is taken from pixels also where the sum of weights is not what is divided by."""

    def outputs_taken(self) -> Array:
        known = each(is_number, self.output).astype(bool)
        return np.where(known & self.normalise, self.output, ZERO)


def summed_over(channels: Callable[[Array], Array]) -> type[Formulas]:
    """Of the gradient for weights, other channels are added up."""

    class Summed(Formulas):
        def summed(self, gradient: Array) -> Array:
            if self.weights.shape[1] != 1 or gradient.shape[1] == 1:
                return gradient
            return channels(gradient)

    return Summed


class SummedAlways(Formulas):
    """Of weights for each channel all get the sum over all channels."""

    def summed(self, gradient: Array) -> Array:
        together = gradient.sum(1, keepdims=True) if gradient.shape[1] else gradient
        return super().summed(gradient) if self.weights.shape[1] == 1 else np.broadcast_to(together, gradient.shape)


class BoxesUnweighted(Formulas):
    """The gradient for boxes of maps that are not weighed."""

    def for_boxes(self) -> Array:
        return self.ask(self.asked, Operation.BOX_GRADIENT, self.dialect, self.maps, self.share)


class BoxesOfTotals(Formulas):
    """The gradient for boxes has the wrong sign before the output."""

    def outputs_taken(self) -> Array:
        return -super().outputs_taken()


def after(change: Callable[[Array], Array]) -> type[Formulas]:
    """A result that is changed."""

    class Changed(Formulas):
        def returned(self, operation: Operation) -> Array:
            return change(super().returned(operation))

    return Changed
