"""Who is asked: those who answer calls of weighted RoIAlign, and of poolers, by weighted RoIAlign on a pyramid.

What has one map is a call of weighted RoIAlign, and what all pixels count alike in is one of a pooler.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..call import WeightedPyramidCall

if TYPE_CHECKING:
    from ....findings import Reading
    from ....operator import Asker


class Pyramids:
    """Who answers calls of weighted RoIAlign, which have one map, and of poolers, whose pixels all weigh 1."""

    def __init__(self, asker: Asker) -> None:
        """Asks somebody who has weighted RoIAlign on pyramids."""
        self.asker = asker
        self.dialect, self.dtype, self.layout, self.operations = (
            asker.dialect,
            asker.dtype,
            asker.layout,
            asker.operations,
        )

    def ask(self, call: Any, shape: tuple[int, ...]) -> Reading:
        """The reading of a call whose answer has this shape."""
        given = {field.name: getattr(call, field.name) for field in fields(call)}
        if "weights" not in given:
            of_pixels = given["input"][..., :1] if call.layout == "NHWC" else given["input"][:, :1]
            given["weights"] = np.ones(of_pixels.shape, of_pixels.dtype)
        return self.asker.ask(WeightedPyramidCall(**{"level_sizes": [], **given}), shape)
