"""Faults of gradients, to inject into the oracle: their own, and those of `mutants` that may be in a backward alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import EmptyGrid, MinSize, Outside
from ....operation import Operation
from . import gradient_formulas as faults
from .formulas import ONE, constant
from .mutants import MUTANTS, NEVER_EMPTY, NONE_OUTSIDE, Mutant, only

if TYPE_CHECKING:
    from collections.abc import Iterator


ZERO = Fraction(0)

NO_EFFECT = {
    "empty grid not a number",  # a bin without samples sends nothing, whatever its value
    "divides by one more",  # what RA-8 makes of a sum: the gradient's own divisors are below
    "divides by one axis twice",
    "sums instead of averaging",
    "batch index in half precision",  # of images that gradient cases have not
    "batch index rounded",
    "offsets in 32 bits",
}


def _derived() -> Iterator[Mutant]:
    """The faults of the output that change where samples lie, what they weigh, or which of them is the maximum."""
    plain = Mutant("")
    for mutant in MUTANTS:
        if mutant.name not in NO_EFFECT and mutant.after is plain.after:
            yield replace(mutant, name=f"backward: {mutant.name}", operation=Operation.FEATURE_GRADIENT)


def _of_maps(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.BOX_GRADIENT, **how)


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived(),
    _of_maps("gradient not divided by the samples", before=faults.scaled(lambda y, x: Fraction(y * x)), concerns=only("avg")),
    _of_maps("gradient divided by the samples twice", before=faults.scaled(lambda y, x: Fraction(1, y * x)), concerns=only("avg")),
    _of_maps("maximum's gradient divided by the samples", before=faults.scaled(lambda y, x: Fraction(1, y * x)), concerns=only("max")),
    _of_maps("gradient divided by one more", before=faults.scaled(lambda y, x: Fraction(y * x, y * x + 1)), concerns=only("avg")),
    _of_maps("gradient divided by one axis twice", before=faults.scaled(lambda y, x: Fraction(x, y)), concerns=only("avg")),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=faults.last_wins),
    _of_maps("only the first RoI sends its gradient", after=faults.first_only),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the bins transposed", before=faults.bins(faults.transposed)),
    _of_maps("gradients of the bins in reverse order", before=faults.bins(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=faults.bins(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=faults.bins(abs)),
    _of_maps(
        "an empty grid makes pixel (0, 0) not a number", "torchvision's Python path, run eagerly", after=faults.poisoned_by_empty_grid,
        concerns=lambda dialect, _: dialect.min_size == MinSize.NONE and dialect.empty_grid != EmptyGrid.ONE_SAMPLE,
        equivalent=NEVER_EMPTY,
    ),
    _of_maps(
        "a maximum exactly at -1 sends nothing", "mmcv", rules=faults.SentinelAtMinusOne,
        concerns=lambda dialect, mode: mode == "max" and dialect.outside == Outside.ZERO, equivalent=NONE_OUTSIDE,
    ),
    _of_maps("no gradient for the maps", after=constant(ZERO)),
    _of_maps("gradient of ones", after=constant(ONE)),
    _of_boxes("no gradient for the boxes", "nearly all libraries", after=constant(ZERO)),
    _of_boxes("box gradient with the wrong sign", after=lambda values, _: -values),
    _of_boxes("box gradient in feature pixels", rules=faults.MovesWithoutScale),
    _of_boxes("box gradient: corners exchanged", after=lambda values, _: values[:, [2, 3, 0, 1]]),
    _of_boxes("box gradient: x and y exchanged", after=lambda values, _: values[:, [1, 0, 3, 2]]),
    _of_boxes("box gradient as if samples were at the corners of bins", rules=faults.MovesAtCorners),
    _of_boxes(
        "box gradient moves a held extent", rules=faults.HeldExtentMoves,
        concerns=lambda dialect, _: dialect.min_size == MinSize.ONE, equivalent="Where no extent is held.",
    ),
    _of_boxes("box gradient moves clamped samples", rules=faults.ClampedMove),
    _of_boxes("box gradient: second corner held", rules=faults.SecondCornerHeld),
    _of_boxes("box gradient of the first channel", before=faults.first_channel),
    _of_boxes("box gradient not divided by the samples", before=faults.scaled(lambda y, x: Fraction(y * x)), concerns=only("avg")),
    _of_boxes(
        "box gradient: outside samples clamped", before=faults.clamped,
        concerns=lambda dialect, _: dialect.outside == Outside.ZERO, equivalent=NONE_OUTSIDE,
    ),
    _of_boxes("box gradient of ones", after=constant(ONE)),
)  # fmt: skip
"""All faults of gradients."""
