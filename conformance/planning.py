"""The planned cases of an operator: of placements and of memory, of real sizes, and histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .histories import History
from .sizing import Size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .histories import Histories
    from .operator import Blueprint


class Part(Protocol):
    """What draws some of the planned cases: a module of an operator."""

    def blueprints(self) -> Mapping[str, Sequence[Blueprint]]:
        """The cases, by the name of their file."""

    def draw(self, blueprint: Any, attempt: int, /) -> dict[str, Any]:
        """The case that a blueprint gives at an attempt, without what is computed."""

    def suits(self, case: Mapping[str, Any], dialects: Any, /) -> bool:
        """Whether a case has one answer under these dialects, which tells something."""


class Planned:
    """All planned cases of an operator, each drawn by what it is of."""

    def __init__(self, systematic: Part, sizes: Part, histories: Histories) -> None:
        """``systematic`` draws what is neither of real ``sizes`` nor one of the ``histories``."""
        self._systematic, self._sizes, self._histories = systematic, sizes, histories

    def blueprints(self) -> Mapping[str, Sequence[Blueprint]]:
        """The blueprints of all systematic cases, by the name of their file."""
        return {**self._systematic.blueprints(), **self._sizes.blueprints(), **self._histories.blueprints()}

    def draw(self, blueprint: Any, attempt: int) -> dict[str, Any]:
        """The case that a blueprint gives at an attempt, without what is computed."""
        match blueprint:
            case Size():
                return self._sizes.draw(blueprint, attempt)
            case History():
                return self._histories.draw(blueprint, attempt)
            case _:
                return self._systematic.draw(blueprint, attempt)

    def suits(self, case: Mapping[str, Any], dialects: list[Any]) -> bool:
        """Whether a case has one answer under these dialects, and tells something."""
        if "steps" in case:
            return self._histories.suits(case, dialects)
        return self._sizes.suits(case, dialects) if "size" in case else self._systematic.suits(case, dialects)
