"""RoIAlign's probes, asked of who weighs pixels before they are sampled; and the probe that divides by the weights."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ....arrays import numpy_dtype
from ....findings import Reading
from ....operation import Operation
from ...roi_align.probes.calls import SIZE, Probe
from ..call import WeightedRoiAlignCall

if TYPE_CHECKING:
    from ....exact.numbers import Array
    from ....operator import Asker

OF_MAXIMA = ("max", "max_start")
"""The decision points of RoIAlign where the greatest sample is taken."""

POINTS = ("offset", "end", "min_size", "adaptive", "grid_cap", "empty_grid", "outside", *OF_MAXIMA)
"""Those, and where samples are averaged."""

NUMBER = 3.0
"""What all pixels have, and each bin with any weight in it, if it is divided by its weights."""

DIVIDED = Probe(name="divided by the weights", boxes=((0.5, 0.75, 4.5, 3.75),), output_size=(2, 2))
"""A box within a map of one number."""


def weights() -> Array:
    """Of the pixels of all maps, ``(H, W)``: 1, 2 and 4, of which each product and quotient is exact, and none is too large."""
    found: Array = np.resize([1.0, 4.0, 2.0, 2.0, 1.0, 4.0, 4.0], SIZE)
    return found


class Weighing:
    """Who answers calls of RoIAlign by weighted RoIAlign, on maps that are divided by the weights of their pixels."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.dialect, self.dtype, self.layout, self.operations = (
            asker.dialect, asker.dtype, asker.layout, asker.operations,
        )  # fmt: skip

    def ask(self, call: Any, shape: tuple[int, ...]) -> Reading:
        """The reading of a call of RoIAlign whose answer has this shape."""
        given = {field.name: getattr(call, field.name) for field in fields(call)}
        of_pixels = weights().astype(call.input.dtype)
        weighed = of_pixels[None, :, :, None] if call.layout == "NHWC" else of_pixels[None, None]
        given["input"] = np.ascontiguousarray(call.input / weighed)
        of_images = np.broadcast_to(weighed, (len(call.input), *weighed.shape[1:]))
        found = self.asker.ask(WeightedRoiAlignCall(**given, weights=np.ascontiguousarray(of_images)), shape)
        if call.operation != Operation.FEATURE_GRADIENT or found.values is None:
            return found
        return Reading(found.values / weights())


def read_divided(asker: Asker) -> Reading:
    """What bins of one number give, ``(1, 1, P_h, P_w)``."""
    call = DIVIDED.forward(np.full((1, *SIZE), NUMBER), asker.dialect, asker.dtype, asker.layout)
    of_pixels = weights().astype(numpy_dtype(asker.dtype))
    given = {field.name: getattr(call, field.name) for field in fields(call)}
    given["weights"] = of_pixels[None, :, :, None] if asker.layout == "NHWC" else of_pixels[None, None]
    return asker.ask(WeightedRoiAlignCall(**given, normalise=True), (1, 1, *DIVIDED.output_size))
