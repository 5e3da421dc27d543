"""How a dialect is read off an implementation: weighted RoIAlign's probes, on one map; and boxes on maps that differ."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...multiscale_roi_align.probes import MultiscaleRoiAlignProbes
from ...multiscale_roi_align.probes.asking import LEVELS, LevelProbe, sampled
from ...weighted_roi_align.probes import WeightedRoiAlignProbes
from ...weighted_roi_align.probes.asking import POINTS
from .asking import Pyramids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.multiscale_weighted_roi_align import Dialect
    from ....findings import Derivative, Detection, Readings
    from ....operator import Asker

_OF_WEIGHTED, _OF_LEVELS = WeightedRoiAlignProbes(), MultiscaleRoiAlignProbes()


class WeightedPyramidProbes:
    """The probes of weighted RoIAlign on pyramids. What they tell modules work out that are loaded when they are asked."""

    points: Mapping[str, str] = MappingProxyType(
        {"level_rule": "MW-3", "no_level": "MW-5", **dict.fromkeys(POINTS, "MW-6")}
    )
    size = WeightedRoiAlignProbes.size

    def offered(self, modes: Sequence[str]) -> list[Any]:
        """The probes of the modes that an implementation has."""
        return [*(LEVELS if "avg" in modes else ()), *_OF_WEIGHTED.offered(modes)]

    def read(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""
        _of(probe).read(Pyramids(asker), probe, readings)

    def warm_up(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Makes an ordinary call before a malformed probe, whose output is of the same size."""
        known = readings if isinstance(probe, LevelProbe) else sampled(readings)
        _of(probe).warm_up(Pyramids(asker), probe, known)

    def are_alike(self, probe: Any, other: Any) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        return _OF_LEVELS.are_alike(probe, other)

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""
        from .decision import detect

        return detect(readings, dtype)

    def derivatives(self, readings: Readings, best: Dialect | None, dtype: str) -> tuple[Derivative, Derivative]:
        """How the gradients for maps, and for boxes, go with the outputs. No other dialect is named for them."""
        pooling = None if best is None else best.pooling
        for_maps, for_boxes = _OF_WEIGHTED.derivatives(sampled(readings), pooling, dtype)
        return replace(for_maps, instead=(), names=()), replace(for_boxes, instead=(), names=())

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """What a file says of each footprint that was read, forward and backward."""
        return _OF_WEIGHTED.footprints(sampled(readings))


def _of(probe: Any) -> Any:
    """Whose probe it is."""
    return _OF_LEVELS if isinstance(probe, LevelProbe) else _OF_WEIGHTED
