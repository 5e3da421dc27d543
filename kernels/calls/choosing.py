"""How a call chooses the levels of its boxes: arguments that all operators on feature pyramids name alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..dialects.multiscale_roi_align import NoLevel
from ..dtypes import name_of, wider
from .levels import resolve_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..dialects.multiscale_roi_align import LevelRule
    from .levels import Levels


class Choosing(NamedTuple):
    """How levels are chosen, as a call is given it: arguments of the names of these."""

    level_rule: Any = None
    first_level: Any = None
    canonical_size: Any = None
    canonical_level: Any = None


class LevelRules(Protocol):
    """A dialect of an operator on feature pyramids."""

    @property
    def level_rule(self) -> LevelRule:
        """How a box becomes a level."""

    @property
    def no_level(self) -> NoLevel:
        """What becomes of a box that has no size."""


def levels_by(
    rules: LevelRules, choosing: Choosing, scales: Sequence[tuple[Any, Any]], dtype: np.dtype[Any]
) -> Levels | None:
    """How a level is found by ``rules`` among as many as there are ``scales``, for maps of a data type; None if there is one.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: there is no such rule, or a value is wrong.
    """
    levels = resolve_levels(rules.level_rule, scales, *choosing[1:], wider(name_of(dtype)))
    if levels is None:
        return None
    least = -1.0 if rules.no_level == NoLevel.FIRST else 0.0
    return replace(levels, limits=(least, *levels.limits[1:]))
