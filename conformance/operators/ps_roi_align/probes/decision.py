"""Which dialect of PSRoIAlign readings fit: what RoIAlign's say of sampling, and the order of channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .....kernels.dialects.ps_roi_align import DIALECTS, ChannelOrder, Dialect
from ....findings import Decision, Detection, Difference, Oddity, RuledOut
from ...roi_align.probes.composed import names_of, strange_choices
from ...roi_align.probes.composed import nearest as nearest_of
from ...roi_align.probes.decision import detect as detect_sampling
from .asking import ORDER, expected, order_read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects import roi_align
    from ....findings import Reading
    from ...roi_align.probes.calls import Probe

_SHARED = ("offset", "min_size", "empty_grid")
_FIXED = ("end", "adaptive", "grid_cap", "outside")
"""Decision points of RoIAlign of which PSRoIAlign has none: all make the choice that is RoIAlign's first."""


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    found = detect_sampling({probe: one for probe, one in readings.items() if probe != ORDER}, dtype)
    order, channels = order_read(readings), _channels(readings)
    decided = {decision.point: decision for decision in found.decisions}
    strange = (*_strange_order(readings), *strange_choices(decided, _FIXED))
    is_sound = found.is_sound and not strange
    best = None if found.best is None else _as_ours(found.best, order)
    decisions = (channels, *(decided[point] for point in _SHARED)) if decided else ()
    names = _names(found.names, order) if is_sound else ()
    nearest, differences = (None, ()) if names or not decisions else nearest_of(DIALECTS, decisions)
    return replace(
        found, decisions=decisions, names=names, nearest=nearest, differences=differences,
        unexplained=(*found.unexplained, *strange), best=best, is_sound=is_sound,
    )  # fmt: skip


def _as_ours(best: roi_align.Dialect, order: ChannelOrder | None) -> Dialect:
    chosen = {point: getattr(best, point) for point in _SHARED}
    return Dialect(**chosen, channels=order or ChannelOrder.CLASS_MAJOR)


def _names(sampling: tuple[str, ...], order: ChannelOrder | None) -> tuple[str, ...]:
    """The named dialects that sample as one of RoIAlign's names, and read channels in this order."""
    return tuple(name for name in names_of(DIALECTS, sampling) if DIALECTS[name].channels == order)


def _channels(readings: Mapping[Probe, Reading]) -> Decision:
    order, reading = order_read(readings), readings.get(ORDER)
    if order is None:
        reason = "not asked" if reading is None else reading.reason or "bins read channels in no order that there is"
        return Decision("channels", (), (), reason)
    assert reading is not None
    assert reading.values is not None
    ruled_out = tuple(RuledOut(other, ORDER.name, _first(reading, other)) for other in ChannelOrder if other != order)
    return Decision("channels", (order,), ruled_out, "")


def _first(reading: Reading, other: ChannelOrder) -> Difference:
    """The first bin that would read another channel."""
    assert reading.values is not None
    got, due = (reading.values[0] - 1).round(), expected(other)
    c, p, q = next(zip(*(got != due).nonzero(), strict=True))
    return Difference(f"bin ({p}, {q}), channel {c}", float(got[c, p, q]), float(due[c, p, q]))


def _strange_order(readings: Mapping[Probe, Reading]) -> tuple[Oddity, ...]:
    reading = readings.get(ORDER)
    if reading is None or order_read(readings) is not None:
        return ()
    return (Oddity(ORDER.name, reading.reason or "bins read channels in no order that there is"),)
