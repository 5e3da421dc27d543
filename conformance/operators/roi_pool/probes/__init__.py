"""How a dialect of RoIPool is read off an implementation."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ....windows.probing import SIZE, read, warm_up
from . import calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....findings import Derivative, Detection, Readings
    from ....operator import Asker
    from .calls import Probe


class RoiPoolProbes:
    """The probes of RoIPool. What they tell is worked out by modules that are loaded when they are asked."""

    points: Mapping[str, str] = MappingProxyType(
        {
            "snap": "RP-1",
            "end": "RP-2",
            "min_size": "RP-2",
            "edges": "RP-4",
            "shift": "RP-5",
            "empty": "RP-6",
            "start": "RP-7",
            "nan": "RP-9",
        }
    )
    size = SIZE

    def offered(self, modes: Sequence[str]) -> list[Probe]:
        """The probes of the modes that an implementation has."""
        return [probe for probe in calls.PROBES if probe.mode in modes]

    def read(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""
        read(asker, probe, readings)

    def warm_up(self, asker: Asker, probe: Probe, readings: Readings) -> None:
        """Makes an ordinary call before a malformed probe, whose output is of the same size."""
        warm_up(asker, probe, readings)

    def are_alike(self, probe: Probe, other: Probe) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        return probe.mode == other.mode

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""
        from .decision import detect

        return detect(readings.forward, dtype)

    def derivatives(self, readings: Readings, best: Dialect | None, dtype: str) -> tuple[Derivative, Derivative]:
        """Whether the gradient for maps is that of the outputs. Boxes have none."""
        from ....deduction import NONE, compare
        from .prediction import predictions

        return compare(readings, best, dtype, predictions), NONE

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """Nothing: a maximum has no footprint."""
        del readings
        return iter(())
