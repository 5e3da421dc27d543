"""Weights of drawn calls, and what bins are divided by.

A quotient is exact in every order of operations only if the weights of its bin add up to a power of two, or to 0. Weights drawn
freely seldom do; so they are drawn in patterns that do more often, and drawn anew until they do.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ..claims import MAIN_DIALECTS, different
from ..oracle.formulas import Formulas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....draw import Draw

    Arguments = Mapping[str, Any]

_TRIES = 60  # weights for one placement of boxes
_FREE = (-2, -1, 0, 1, 1, 2, 3)
_UNLIKE = (-3, -1, 1, 2, 3, 5)  # of whose products with pixels few are equal
_POWERS = (0, 1, 1, 2, 4)


class Setting(NamedTuple):
    """How a call weighs: what has weights of its own, whether bins are divided, and how sums of nothing are guarded."""

    each: bool = False
    normalise: bool = False
    guard: str = "zero"
    epsilon: float = 1
    of_rois: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """As a case file has them."""
        given: dict[str, Any] = {"normalise": self.normalise}
        if self.normalise:
            given["guard"] = self.guard
            given |= {"epsilon": self.epsilon} if self.guard in ("add", "clamp") else {}
        given |= {"weights_of": "rois"} if self.of_rois else {}
        return given


SETTINGS = (
    Setting(),
    Setting(normalise=True),
    Setting(each=True),
    Setting(each=True, normalise=True),
    Setting(normalise=True, guard="add"),
    Setting(normalise=True, guard="clamp"),
    Setting(normalise=True, guard="none"),
    Setting(each=True, normalise=True, guard="clamp"),
)
"""All that cases take turns in."""

OF_GRADIENTS = tuple(setting for setting in SETTINGS if setting.guard != "none")
"""Those of gradients: of 0 / 0 there is none."""

OF_MAXIMA = tuple(setting for setting in SETTINGS if not setting.normalise)
"""Those of maxima, of which none is divided."""

OF_ROIS = tuple(Setting(each, normalise, of_rois=True) for each in (False, True) for normalise in (False, True))
"""Those of RoIs that have weights of their own."""


def weights_shape(arguments: Arguments, setting: Setting) -> tuple[int, int, int, int]:
    """The shape of the weights of a call."""
    images, channels, height, width = arguments["input"]["shape"]
    return images, channels if setting.each else 1, height, width


def constant(shape: tuple[int, ...]) -> dict[str, Any]:
    """Weights that all pixels of an image have: a power of two, another for each."""
    images, channels, height, width = shape
    return {
        "shape": list(shape),
        "rows": [[2 ** (n % 3)] * width for n in range(images) for _ in range(channels * height)],
    }


def free(chance: Draw, shape: tuple[int, ...], numbers: tuple[int, ...] = _FREE) -> dict[str, Any]:
    """Small numbers, some of which are 0 or negative; or some of these."""
    *lines, width = shape
    count = lines[0] * lines[1] * lines[2]
    return {"shape": list(shape), "rows": [[chance.one(numbers) for _ in range(width)] for _ in range(count)]}


def patterned(chance: Draw, shape: tuple[int, ...]) -> dict[str, Any]:
    """Powers of two, or 0: each pixel by itself, each row, or each column."""
    images, channels, height, width = shape
    planes = []
    for _ in range(images * channels):
        match chance.one(("pixels", "rows", "columns", "rows", "columns", "halves")):
            case "pixels":
                plane = [[chance.one(_POWERS) for _ in range(width)] for _ in range(height)]
            case "rows":
                plane = [[value] * width for value in (chance.one(_POWERS) for _ in range(height))]
            case "columns":
                plane = [[chance.one(_POWERS) for _ in range(width)]] * height
            case _:
                at, high, low = chance.one(range(1, width)), chance.one(_POWERS), chance.one(_POWERS)
                plane = [[high if x < at else low for x in range(width)]] * height
        planes += plane
    return {"shape": list(shape), "rows": planes}


def weighed(chance: Draw, arguments: Arguments, setting: Setting, *, exactly: bool) -> dict[str, Any]:
    """The arguments of a call with weights. ``exactly``: if bins are divided, by powers of two, if such weights are found."""
    given = {**arguments, **setting.parameters}
    shape = weights_shape(arguments, setting)
    if not (setting.normalise and exactly):
        has_winners = arguments["mode"] == "max" and "grad" in arguments
        return {**given, "weights": free(chance, shape, _UNLIKE if has_winners else _FREE)}
    for _ in range(_TRIES):
        given["weights"] = patterned(chance, shape)
        if divides(given):
            break
    return given


def divides(arguments: Arguments) -> bool:
    """Whether all bins are divided by powers of two, or are nothing, and weights differ within a bin."""
    rows = arguments["weights"]["rows"]
    if all(value == rows[0][0] for row in rows for value in row):
        return False
    for dialect in different(arguments, MAIN_DIALECTS):
        call = Formulas(arguments, dialect)
        divisors = [call.guarded(total) for total in call.totals.flat]
        if not any(isinstance(d, Fraction) and d for d in divisors):
            return False
        for divisor in divisors:
            if isinstance(divisor, Fraction) and divisor.numerator & (divisor.numerator - 1):
                return False
    return True
