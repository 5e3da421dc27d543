"""What a probe must give under any dialect, exactly."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import Dialect, EdgeShift
from ....deduction import Prediction, prediction_of
from ....operation import Operation
from ..oracle.face import ORACLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .calls import Probe


@cache
def predictions(
    probe: Probe, dialect: Dialect, dtype: str, operation: Operation = Operation.FORWARD
) -> tuple[Prediction, ...]:
    """What a probe may give under a dialect: several where rounding decides, none if nobody can say."""
    return tuple(map(prediction_of, ORACLE.answers_in(probe.arguments, operation, dialect, dtype)))


def _geometries() -> Iterator[Dialect]:
    snapping = [snap for snap in CornerSnap if snap != CornerSnap.NONE]
    sizes = (MinSize.ONE, MinSize.NONE)
    for snap, end, size, edges, empty in itertools.product(snapping, SnappedEnd, sizes, BinEdges, EmptyBin):
        yield Dialect(snap=snap, end=end, min_size=size, edges=edges, empty=empty)
    # Unsnapped corners are judged only where no rounding moves an edge.
    for end, size, shift, empty in itertools.product(SnappedEnd, sizes, EdgeShift, EmptyBin):
        yield Dialect(snap=CornerSnap.NONE, end=end, min_size=size, edges=BinEdges.MAP, shift=shift, empty=empty)


GEOMETRIES = tuple(_geometries())
"""Every combination of choices that finite maps tell from each other."""
