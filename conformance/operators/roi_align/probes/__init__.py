"""How a dialect of RoIAlign is read off an implementation."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align import Dialect
    from ....findings import Derivative, Detection, Reading, Readings
    from ....operator import Asker
    from .calls import Probe


class RoiAlignProbes:
    """The probes of RoIAlign. What they tell is worked out by modules that are loaded when they are asked."""

    points: Mapping[str, str] = MappingProxyType(
        {
            "offset": "RA-1",
            "end": "RA-2",
            "min_size": "RA-2",
            "adaptive": "RA-4",
            "grid_cap": "RA-4",
            "empty_grid": "RA-8",
            "outside": "RA-6",
            "max": "RA-9",
            "max_start": "RA-9",
        }
    )
    size = calls.SIZE

    def offered(self, modes: Sequence[str]) -> list[Probe]:
        """The probes of the modes that an implementation has."""
        return [probe for probe in calls.PROBES if probe.mode in modes]

    def read(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""
        from .reading import read

        read(asker, probe, readings)

    def warm_up(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Makes an ordinary call whose output is of the size of a malformed probe's.

        Memory that the implementation then leaves as it was rarely looks like an answer.
        """
        from .reading import output

        if ordinary := _ordinary(probe, readings.forward):
            output(asker, replace(ordinary, output_size=probe.output_size), calls.maps_of(probe, asker.dtype))

    def are_alike(self, probe: Probe, other: Probe) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        return (probe.mode, probe.sampling_ratio) == (other.mode, other.sampling_ratio)

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""
        from .decision import detect

        return detect(readings.forward, dtype)

    def derivatives(self, readings: Readings, best: Dialect | None, dtype: str) -> tuple[Derivative, Derivative]:
        """How the gradients for maps, and for boxes, go with the outputs."""
        from .derivative import compare, compare_boxes

        return compare(readings, best, dtype), compare_boxes(readings, best, dtype)

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """What a file says of each footprint that was read, forward and backward."""
        from .reading import records

        return records(readings)


def _ordinary(probe: Probe, readings: Mapping[Probe, Reading]) -> Probe | None:
    """The first probe of the same mode that was answered; another call than ``probe``, if that can be."""
    answered = (other for other, reading in readings.items() if reading.values is not None)
    return next((other for other in answered if other.mode == probe.mode), None)
