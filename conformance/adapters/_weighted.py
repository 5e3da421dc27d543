"""Weighted RoIAlign, asked of whoever has RoIAlign: by calls of that (`operators.weighted_roi_align.composition`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from ..implementation import Capability
from ..operation import Operation
from ..operators import dialects_of
from ..operators.weighted_roi_align.composition import composed
from ._call import require_described

if TYPE_CHECKING:
    import numpy as np

    from ..implementation import Description
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.weighted_roi_align.call import WeightedRoiAlignCall

NAME = "weighted_roi_align"
_WIDE = ("float32", "float64")
"""In 16 bits products would be rounded to maps of 16 bits; handed over in 32, they would ask for another type's operator."""
_MADE_OF = {
    Operation.FORWARD: Operation.FORWARD,
    Operation.FEATURE_GRADIENT: Operation.FEATURE_GRADIENT,
    Operation.WEIGHT_GRADIENT: Operation.FEATURE_GRADIENT,
    Operation.BOX_GRADIENT: Operation.BOX_GRADIENT,
}
"""For each operation that of RoIAlign which it needs."""


class _HasRoiAlign(Protocol):
    """An adapter of a library that has RoIAlign."""

    def describe(self) -> Description: ...
    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray: ...


def with_weights(description: Description) -> Description:
    """What an adapter says of its library, which has RoIAlign, with what can be made of that."""
    dialects = tuple(name for name in description.dialects if name in dialects_of(NAME))
    dtypes = tuple(dtype for dtype in description.dtypes if dtype in _WIDE)
    if not dialects or not dtypes:
        return description
    capability = Capability(
        dialects=dialects,
        dtypes=dtypes,
        modes=description.modes,
        layouts=description.layouts,
        operations=tuple(str(wanted) for wanted, needed in _MADE_OF.items() if needed in description.operations),
        threads=description.threads,
    )
    return replace(description, operators={**description.operators, NAME: capability})


class Weighs:
    """An adapter of a library that has RoIAlign, and so weighted RoIAlign; it describes that by `with_weights`."""

    def weighted_roi_align(self: _HasRoiAlign, call: WeightedRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Makes the call of calls of RoIAlign."""
        del out
        require_described(call, self.describe())
        return composed(call, self.roi_align)
