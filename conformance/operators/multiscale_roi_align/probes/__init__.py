"""How a dialect of poolers is read off an implementation: by RoIAlign's probes on one map, and by boxes on maps that differ."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...roi_align.probes import RoiAlignProbes, calls
from .asking import LEVELS, LevelProbe, OfOneMap, read_levels, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.multiscale_roi_align import Dialect
    from ....findings import Derivative, Detection, Readings
    from ....operator import Asker
    from ...roi_align.probes.calls import Probe

_ROI_ALIGN = RoiAlignProbes()


class MultiscaleRoiAlignProbes:
    """The probes of poolers. What they tell is worked out by modules that are loaded when they are asked."""

    points: Mapping[str, str] = MappingProxyType(
        {"level_rule": "MS-4", "no_level": "MS-6", "offset": "MS-7", "min_size": "MS-7"}
    )
    size = calls.SIZE

    def offered(self, modes: Sequence[str]) -> list[Probe | LevelProbe]:
        """The probes of the modes that an implementation has."""
        return [*LEVELS, *calls.AVERAGES] if "avg" in modes else []

    def read(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""
        if isinstance(probe, LevelProbe):
            readings.forward[probe] = read_levels(asker, probe)
        else:
            _ROI_ALIGN.read(OfOneMap(asker), probe, readings)

    def warm_up(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Makes an ordinary call before a malformed probe, whose output is of the same size."""
        if isinstance(probe, LevelProbe):
            read_levels(asker, replace(LEVELS[0], boxes=LEVELS[0].boxes[: len(probe.boxes)]))
        else:
            _ROI_ALIGN.warm_up(OfOneMap(asker), probe, sampled(readings))

    def are_alike(self, probe: Any, other: Any) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        if isinstance(probe, LevelProbe) or isinstance(other, LevelProbe):
            return type(probe) is type(other)
        return _ROI_ALIGN.are_alike(probe, other)

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""
        from .decision import detect

        return detect(readings, dtype)

    def derivatives(self, readings: Readings, best: Dialect | None, dtype: str) -> tuple[Derivative, Derivative]:
        """How the gradients for maps, and for boxes, go with the outputs. No other dialect is named for them."""
        sampling = None if best is None else best.sampling
        for_maps, for_boxes = _ROI_ALIGN.derivatives(sampled(readings), sampling, dtype)
        return replace(for_maps, instead=(), names=()), replace(for_boxes, instead=(), names=())

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """What a file says of each footprint that was read, forward and backward."""
        return _ROI_ALIGN.footprints(sampled(readings))
