"""What a probe must give under any dialect, exactly."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

from .....kernels.dialects.choices import BinEdges
from .....kernels.dialects.ps_roi_pool import Clip, Corners, Dialect, LeastSize
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
    arithmetic = [edges for edges in BinEdges if edges != BinEdges.ACCUMULATED]
    for corners, size, clip in itertools.product(Corners, LeastSize, Clip):
        # Where corners are no whole feature pixels, calls are judged only where no rounding moves an edge.
        for edges in arithmetic if corners == Corners.AFTER_SCALE else (BinEdges.MAP,):
            yield Dialect(corners=corners, min_size=size, clip=clip, edges=edges)


GEOMETRIES = tuple(_geometries())
"""Every combination of choices."""
