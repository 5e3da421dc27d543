"""What RoIAlign's probes say of an operator that samples as RoIAlign does, and has decision points of its own beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects import roi_align
from ....findings import Oddity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ....findings import Decision


def names_of(dialects: Mapping[str, Any], sampling: Iterable[str]) -> list[str]:
    """The named dialects of an operator that sample as one of RoIAlign's names."""
    known = {roi_align.DIALECTS[name].for_mode("avg") for name in sampling}
    return [name for name, rules in dialects.items() if rules.sampling.for_mode("avg") in known]


def nearest(dialects: Mapping[str, Any], decisions: Sequence[Decision]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """The named dialect that makes the fewest choices but those left, and these."""

    def differing(name: str) -> tuple[tuple[str, Any], ...]:
        choices = ((decision, getattr(dialects[name], decision.point)) for decision in decisions)
        return tuple((d.point, choice) for d, choice in choices if d.left and choice not in d.left)

    best = min(dialects, key=lambda name: len(differing(name)))
    return best, differing(best)


def strange_choices(decided: Mapping[str, Decision], fixed: Iterable[str]) -> tuple[Oddity, ...]:
    """Choices at points that the operator has none of: all make the choice there that is RoIAlign's first."""
    usual = roi_align.Dialect()
    return tuple(
        Oddity(decision.ruled_out[0].probe, f"{point} is {' or '.join(decision.left)}, as nobody's known")
        for point in fixed
        if (decision := decided.get(point)) and decision.left and getattr(usual, point) not in decision.left
    )
