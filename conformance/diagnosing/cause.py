"""Why several results of an implementation are what they are, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..operators import DEFAULT

if TYPE_CHECKING:
    import numpy as np

    from ..cases.case import Case


class Failing(NamedTuple):
    """A call whose output is not what its dialect says.

    Attributes:
        case: What was called.
        dialect: Under which dialect.
        dtype: In which data type.
        layout: In which layout.
        output: What came, in the order of axes of case files.
    """

    case: Case
    dialect: str
    dtype: str
    layout: str
    output: np.ndarray


class Passing(NamedTuple):
    """A call whose output is what its dialect says."""

    case: Case
    dialect: str
    dtype: str


class Cause(NamedTuple):
    """One reason of several failing results.

    Attributes:
        implementation: Whose they are.
        operator: Of which operator.
        operation: Of its output, or of which gradient.
        said: What the results are: those of a choice or a fault. Empty if no known one gives them.
        explained: On how many calls it gives what came.
        examined: How many failing calls were looked at: the small ones, if there are any.
        larger: How many others fail, too.
        cases: The ids of the cases that it explains.
    """

    implementation: str
    operator: str
    operation: str
    said: str
    explained: int
    examined: int
    larger: int
    cases: tuple[str, ...]

    @property
    def text(self) -> str:
        """Says so in a sentence."""
        what = ("" if self.operator == DEFAULT else f"{self.operator}, ") + self.operation.replace("_", " ")
        calls = "failing calls" + (f" ({self.larger} larger ones fail, too)" if self.larger else "")
        if not self.said:
            return f"{what}: no known fault explains {self.explained} of {self.examined} {calls}"
        count = f"all {self.examined}" if self.explained == self.examined else f"{self.explained} of {self.examined}"
        return f"{what}: on {count} {calls} the results are those of {self.said}"
