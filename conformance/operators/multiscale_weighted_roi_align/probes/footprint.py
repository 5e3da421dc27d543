"""The exact footprint of a bin of a probe under a dialect: RoIAlign's, on the one map that there is, of weighed pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...roi_align.probes import footprint as sampled

if TYPE_CHECKING:
    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect
    from ....findings import Footprint
    from ...roi_align.probes.calls import Probe


def footprint(probe: Probe, roi: int, at: tuple[int, int], dialect: Dialect) -> Footprint:
    """The footprint of bin ``at`` of the RoI with this number."""
    return sampled.footprint(probe, roi, at, dialect.sampling)
