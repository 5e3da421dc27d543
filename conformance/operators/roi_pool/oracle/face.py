"""What a call of RoIPool, or of its gradient, may return: the face of the oracle to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.roi_pool import DIALECTS
from ....windows.asked import WindowCall
from ....windows.face import WindowOracle
from .answers import answer, output_bounds, result_of
from .certificate import budgets
from .decisions import possible_axes, ties
from .geometry import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .....kernels.dialects.roi_pool import Dialect


def asked_of(
    arguments: Mapping[str, Any], dialect: Dialect, dtype: str, rules: type[Rules] = Rules
) -> WindowCall[Rules]:
    """The call that a case describes, made in a data type."""
    return WindowCall.of(arguments, dtype, rules(dialect, dtype))


ORACLE = WindowOracle(
    dialects=DIALECTS,
    asked=asked_of,
    axes=possible_axes,
    result=result_of,
    answer=answer,
    output_bounds=output_bounds,
    budgets=budgets,
    ties=ties,
)
"""The oracle of RoIPool."""
