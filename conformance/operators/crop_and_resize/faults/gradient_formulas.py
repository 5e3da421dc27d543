"""The faults of gradients behind `gradient_mutants.py`, each as a change to one formula of the oracle, or to what arrives."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ..oracle.geometry import ZERO, Rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....exact.numbers import Array
    from ..oracle.answers import Asked


# ---- CR-8: how points move, and slopes -------------------------------------------------------------------------------


class SingleMovesWhole(Rules):
    """The only point moves as much as each corner."""

    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        first, second = super().motion(i, points, pixels)
        return (2 * first, 2 * second) if points == 1 else (first, second)


class SingleMovesWithFirst(Rules):
    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        first, second = super().motion(i, points, pixels)
        return (first, ZERO) if points == 1 else (first, second)


class MovesInPixels(Rules):
    """The gradient is that for corners in pixels."""

    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        return super().motion(i, points, 2)


class MovesByPixels(Rules):
    """H in the place of H − 1."""

    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        return super().motion(i, points, pixels + 1)


class MotionExchanged(Rules):
    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        first, second = super().motion(i, points, pixels)
        return second, first


class MovesTogether(Rules):
    """Both corners move the whole box."""

    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        return Fraction(self.reach(pixels)), Fraction(self.reach(pixels))


class MotionOneStepMore(Rules):
    def motion(self, i: int, points: int, pixels: int) -> tuple[Fraction, Fraction]:
        if points == 1:
            return super().motion(i, points, pixels)
        along = Fraction(i, points)
        return self.reach(pixels) * (1 - along), self.reach(pixels) * along


class SlopeFromLeft(Rules):
    """The slope at a pixel is that from the left."""

    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        low, high, _ = self.between(y, pixels)
        return (max(low - 1, 0), high) if low == high else super().slope(y, pixels)


class SlopeOfBoth(Rules):
    """The slope at a pixel is that between its neighbours."""

    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        low, high, _ = self.between(y, pixels)
        return (max(low - 1, 0), min(high + 1, pixels - 1)) if low == high else super().slope(y, pixels)


class SlopeReversed(Rules):
    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        low, high = super().slope(y, pixels)
        return high, low


# ---- what arrives ----------------------------------------------------------------------------------------------------


def arriving(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of what arrives."""

    def changed(asked: Asked) -> Asked:
        assert asked.grad is not None
        return asked._replace(grad=change(asked.grad))

    return changed


def flipped_send_nothing(asked: Asked) -> Asked:
    """A backward that walks the pixels of the box, of which a flipped box has none."""
    assert asked.grad is not None
    grad = asked.grad.copy()
    for k, (_, y1, x1, y2, x2) in enumerate(asked.rows.tolist()):
        if y2 < y1 or x2 < x1:
            grad[k] = 0
    return asked._replace(grad=grad)
