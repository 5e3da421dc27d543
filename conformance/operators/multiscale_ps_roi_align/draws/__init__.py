"""Calls of PSRoIAlign on feature pyramids, planned and by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....planning import Planned
from ..claims import rules_of
from . import sizes, systematic
from .histories import HISTORIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ....operation import Operation


class PsPyramidDraws(Planned):
    """Calls of PSRoIAlign on feature pyramids. What draws by chance needs Hypothesis, and is loaded when it is asked."""

    edition = "2026-11"
    box_classes = ("ordinary", "inverted", "tiny", "huge", "outside")
    invalid_classes = ("nan", "infinite", "no-image")

    def __init__(self) -> None:
        """What plans are made of."""
        super().__init__(systematic, sizes, HISTORIES)

    def rules_of(self, arguments: Mapping[str, Any], operation: Operation) -> Sequence[str]:
        """The rules that a call exercises."""
        return rules_of(arguments, operation)

    def arguments(self, *, modes: Sequence[str], classes: Sequence[str], operation: Operation) -> Any:
        """A Hypothesis strategy of the arguments of a call."""
        from . import chance

        return chance.arguments(modes=modes, classes=classes, operation=operation)
