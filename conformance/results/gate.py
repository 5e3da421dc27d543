"""What makes a run fail."""

from __future__ import annotations

from enum import StrEnum


class Gate(StrEnum):
    """What makes `roikit conform` fail; `gates` says it precisely."""

    WRONG = "wrong"
    DEVIATION = "deviation"
    REGRESSION = "regression"
    NOTHING = "nothing"
