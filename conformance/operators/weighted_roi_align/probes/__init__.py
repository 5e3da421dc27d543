"""How a dialect of weighted RoIAlign is read off an implementation: by RoIAlign's probes, and one that divides by weights."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...roi_align.probes import RoiAlignProbes, calls
from .asking import DIVIDED, OF_MAXIMA, POINTS, Weighing, read_divided

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align import Dialect
    from ....findings import Derivative, Detection, Readings
    from ....operator import Asker
    from ...roi_align.probes.calls import Probe

_ROI_ALIGN = RoiAlignProbes()


class WeightedRoiAlignProbes:
    """The probes of weighted RoIAlign. What they tell is worked out by modules that are loaded when they are asked."""

    points: Mapping[str, str] = MappingProxyType({point: "SW-13" if point in OF_MAXIMA else "SW-2" for point in POINTS})
    size = calls.SIZE

    def offered(self, modes: Sequence[str]) -> list[Probe]:
        """The probes of the modes that an implementation has."""
        known = (DIVIDED, *calls.PROBES)
        return [probe for probe in known if probe.mode in modes]

    def read(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""
        if probe == DIVIDED:
            readings.forward[DIVIDED] = read_divided(asker)
            return
        _ROI_ALIGN.read(Weighing(asker), probe, readings)

    def warm_up(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Makes an ordinary call before a malformed probe, whose output is of the same size."""
        _ROI_ALIGN.warm_up(Weighing(asker), probe, sampled(readings))

    def are_alike(self, probe: Probe, other: Probe) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        return _ROI_ALIGN.are_alike(probe, other)

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""
        from .decision import detect

        return detect(readings.forward, dtype)

    def derivatives(self, readings: Readings, best: Dialect | None, dtype: str) -> tuple[Derivative, Derivative]:
        """How the gradients for maps, and for boxes, go with the outputs. No other dialect is named for them."""
        for_maps, for_boxes = _ROI_ALIGN.derivatives(sampled(readings), best, dtype)
        return replace(for_maps, instead=(), names=()), replace(for_boxes, instead=(), names=())

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """What a file says of each footprint that was read, forward and backward."""
        return _ROI_ALIGN.footprints(sampled(readings))


def sampled(readings: Readings) -> Readings:
    """The readings that RoIAlign knows."""
    return replace(readings, forward={probe: found for probe, found in readings.forward.items() if probe != DIVIDED})
