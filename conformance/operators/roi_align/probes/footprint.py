"""The exact footprint of a bin of a probe under a dialect, to be drawn beside one that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....findings import Footprint
from ....sampling.axis import stages
from ..oracle.fast import Rows, footprints, share
from .calls import SIZE

if TYPE_CHECKING:
    from .....kernels.dialects.roi_align import Dialect
    from ....sampling.axis import Axis
    from .calls import Probe

_MOST_SAMPLES = 12  # along an axis: more could not be told apart


def footprint(probe: Probe, roi: int, at: tuple[int, int], dialect: Dialect) -> Footprint:
    """The footprint of bin ``at`` of the RoI with this number."""
    scale, ratio = (probe.scale, probe.scale), (probe.sampling_ratio, probe.sampling_ratio)
    _, y, x = stages(probe.rows[roi].tolist(), SIZE, probe.output_size, scale, ratio, dialect)
    p, q = at
    rows, columns = ([axis.sample(b, i) for i in range(min(axis.taken, _MOST_SAMPLES))] for axis, b in ((y, p), (x, q)))
    return Footprint(
        weights=share(y, x) * footprints(Rows(y).weights, Rows(x).weights)[:, p, q].reshape(SIZE),
        roi=(float(x.start), float(y.start), _edge(x, x.bins), _edge(y, y.bins)),
        bin=(_edge(x, q), _edge(y, p), _edge(x, q + 1), _edge(y, p + 1)),
        samples=tuple((float(c.position), float(r.position), r.inside and c.inside) for r in rows for c in columns),
    )


def _edge(axis: Axis, bins: int) -> float:
    """Where so many bins end."""
    return float(axis.start + bins * axis.bin)
