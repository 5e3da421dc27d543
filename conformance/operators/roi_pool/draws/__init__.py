"""Calls of RoIPool, planned and by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....histories import History
from ....sizing import Size
from ..claims import rules_of
from . import sizes, systematic
from .histories import HISTORIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....call import Operation


class RoiPoolDraws:
    """Calls of RoIPool. What draws by chance needs Hypothesis, and is loaded when it is asked."""

    edition = "2026-11"
    box_classes = ("ordinary", "inverted", "tiny", "huge", "outside", "halves", "edges", "free")
    invalid_classes = ("nan", "infinite", "no-image")

    def blueprints(self) -> dict[str, list[systematic.Blueprint] | list[Size] | list[History]]:
        """The blueprints of all systematic cases, by the name of their file."""
        return {**systematic.blueprints(), **sizes.blueprints(), **HISTORIES.blueprints()}

    def draw(self, blueprint: systematic.Blueprint | Size | History, attempt: int) -> dict[str, Any]:
        """The case that a blueprint gives at an attempt, without what is computed."""
        match blueprint:
            case Size():
                return sizes.draw(blueprint, attempt)
            case History():
                return HISTORIES.draw(blueprint, attempt)
            case _:
                return systematic.draw(blueprint, attempt)

    def suits(self, case: Mapping[str, Any], dialects: list[Dialect]) -> bool:
        """Whether a case has one answer, which tells something, under these dialects."""
        if "steps" in case:
            return HISTORIES.suits(case, dialects)
        return sizes.suits(case, dialects) if "size" in case else systematic.suits(case, dialects)

    def rules_of(self, arguments: Mapping[str, Any], operation: Operation) -> Sequence[str]:
        """The rules that a call exercises."""
        return rules_of(arguments, operation)

    def arguments(self, *, modes: Sequence[str], classes: Sequence[str], operation: Operation) -> Any:
        """A Hypothesis strategy of the arguments of a call."""
        from . import chance

        return chance.arguments(modes=modes, classes=classes, operation=operation)
