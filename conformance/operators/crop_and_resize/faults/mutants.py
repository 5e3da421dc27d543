"""Faults to inject into the oracle, one at a time: what an implementation of crop_and_resize gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.crop_and_resize import BILINEAR, NEAREST, Dialect, LastPoint
from ....exact.numbers import Special
from ....operation import Operation
from ..oracle.answers import Asked
from ..oracle.face import values_of
from ..oracle.geometry import ONE, ZERO, Rules
from . import formulas as faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ....exact.numbers import Array


def _always(dialect: Dialect, mode: str) -> bool:
    del dialect, mode
    return True


def _bilinear(dialect: Dialect, mode: str) -> bool:
    del dialect
    return mode == BILINEAR


def _nearest(dialect: Dialect, mode: str) -> bool:
    del dialect
    return mode == NEAREST


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it; empty if it is a fault that one could make.
        rules: The oracle's formulas with the fault, if it is in them.
        before: Changes the call, if the fault is there.
        after: Changes the answer, if the fault is there; it also gets the call.
        concerns: Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent.
        equivalent: Why it cannot show elsewhere; empty if the formulas are then the same.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows.
        of_32_bits: Whether it shows only where images have more elements than 32 bits can count.
    """

    name: str
    who: str = ""
    rules: type[Rules] = Rules
    before: Callable[[Asked], Asked] = lambda asked: asked
    after: Callable[[Array, Asked], Array] = lambda values, _: values
    concerns: Callable[[Dialect, str], bool] = _always
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"
    of_32_bits: bool = False

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case; None throughout an invalid box."""
        asked = Asked.of(arguments, dialect, self.dtype)
        faulty = asked._replace(rules=self.rules(asked.rules.dialect, asked.rules.mode))
        if self.of_32_bits and many:
            faulty = faulty._replace(maps=faulty.maps * 0)
        changed = self.before(faulty)
        return self.after(values_of(changed, changed.boxes(), operation), asked)


def choice(name: str, who: str = "", operation: Operation = Operation.FORWARD, **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""

    def concerns(dialect: Dialect, mode: str) -> bool:
        return dialect.for_mode(mode) != replace(dialect, **choices).for_mode(mode)

    def before(asked: Asked) -> Asked:
        return asked._replace(rules=Rules(replace(asked.rules.dialect, **choices), asked.rules.mode))

    return Mutant(name, who, before=before, concerns=concerns, operation=operation)


def _at_corner(dialect: Dialect, mode: str) -> bool:
    del mode
    return dialect.last_point == LastPoint.CORNER


BY_STEP = "Where the last point is reached by steps, rounding may leave the image, and nobody can say whether it does."

MUTANTS: tuple[Mutant, ...] = (
    Mutant("fractions of H and not of H − 1", rules=faults.AllPixels),
    Mutant("fractions of H − 2", rules=faults.OneLessStill),
    Mutant("corners in pixels", "longcw's kernels, before they are scaled", rules=faults.InPixels),
    Mutant("as many steps as points", rules=faults.OneStepMore),
    Mutant("half-pixel centres", "MindSpore's bilinear_v2, tf.image.resize", rules=faults.HalfPixelCentres),
    Mutant("points are centres of bins", "longcw's RoIAlign", rules=faults.CentresOfBins),
    Mutant("the only point at the first corner", rules=faults.SingleAtFirst),
    Mutant("the only point at the second corner", rules=faults.SingleAtSecond),
    Mutant("H − 1 added to the only point", "MindSpore before 2.10", rules=faults.SingleAdds),
    Mutant("the only point in the middle of the extent", rules=faults.SingleOfExtent),
    Mutant("corners sorted", rules=faults.CornersSorted),
    Mutant("corners clipped to the image", rules=faults.CornersClipped),
    Mutant("boxes are corner and extent", rules=faults.CornerAndExtent),
    Mutant("second corner first", rules=faults.Backwards),
    Mutant("flipped boxes have no extent", rules=faults.NotNegative),
    Mutant("every point is the first", rules=faults.FirstPointOnly),
    Mutant("the last point by steps of float32", "TensorFlow, where others take the corner", rules=faults.LastByStep, concerns=_at_corner, equivalent=BY_STEP, dtype="float32"),
    Mutant("x and y of the boxes exchanged", before=faults.rows(lambda boxes: boxes[:, [0, 2, 1, 4, 3]])),
    Mutant("fractions of the other side", before=faults.sides_exchanged),
    Mutant("the last pixel is outside", rules=faults.LastIsOutside),
    Mutant("the first pixel is outside", rules=faults.FirstIsOutside),
    Mutant("points outside moved to the edge", "longcw's padding, keras-cv", rules=faults.Clamped),
    Mutant("half a pixel around the image is inside", rules=faults.HalfPixelAround),
    Mutant("a pixel around the image is inside", "RoIAlign", rules=faults.PixelAround),
    Mutant("points compared with H", rules=faults.UpToH),
    Mutant("points just below 0 are inside", "truncation for floor", rules=faults.TruncatedAtLow),
    Mutant("weights exchanged", rules=faults.WeightsExchanged, concerns=_bilinear),
    Mutant("weights in fixed point", "OpenCV's resize", rules=faults.WeightsOfFiveBits, concerns=_bilinear),
    Mutant("nothing interpolated", rules=faults.LowPixel, concerns=_bilinear),
    Mutant("always nearest", before=faults.as_nearest, concerns=_bilinear),
    Mutant("always bilinear", before=faults.as_bilinear, concerns=_nearest),
    Mutant("nearest: halves to even", rules=faults.HalvesToEven, concerns=_nearest),
    Mutant("nearest: halves down", rules=faults.HalvesDown, concerns=_nearest),
    Mutant("nearest: the pixel below", rules=faults.NearestBelow, concerns=_nearest),
    Mutant("nearest: the pixel above", rules=faults.NearestAbove, concerns=_nearest),
    Mutant("0 outside", "OpenVINO", after=faults.outside_is(ZERO)),
    Mutant("NaN outside", after=faults.outside_is(Special.NAN)),
    Mutant("outside only if rows and columns are", after=faults.outside_where(lambda y, x: y & x)),
    Mutant("columns outside are 0", after=faults.outside_where(lambda y, x: y | (x & False))),
    Mutant("rows outside are 0", after=faults.outside_where(lambda y, x: (y & False) | x)),
    Mutant("extrapolation value added inside", after=faults.extrapolation_added),
    Mutant("always the first image", before=faults.rows(faults.first_image)),
    Mutant("index in half precision", before=faults.rows(faults.index_in_half)),
    Mutant("every box is the first", after=faults.of_first_box),
    Mutant("image transposed", before=lambda asked: asked._replace(maps=faults.transposed(asked.maps))),
    Mutant("output transposed", after=lambda values, _: faults.transposed(values)),
    Mutant("rows in reverse order", after=lambda values, _: values[:, :, ::-1]),
    Mutant("columns in reverse order", after=lambda values, _: values[:, :, :, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("image without its sign", before=lambda asked: asked._replace(maps=abs(asked.maps))),
    Mutant("offsets in 32 bits", of_32_bits=True),
    Mutant("zeros", after=faults.constant(ZERO)),
    Mutant("ones", after=faults.constant(ONE)),
    Mutant("half of it", after=lambda values, _: np.frompyfunc(lambda v: v if v is None or isinstance(v, str) else v * Fraction(1, 2), 1, 1)(values)),
)  # fmt: skip
"""Faults of the output."""
