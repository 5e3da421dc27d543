"""Why several results of an implementation are what they are, in words."""

from __future__ import annotations

from enum import StrEnum
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


class Untried(StrEnum):
    """What was not tried on calls that nothing explains, since time ran out."""

    NOTHING = ""
    """Every known fault was, and every pair of them that is looked for."""
    PAIRS = "pairs"
    """Some pairs of faults; each alone was."""
    SINGLE = "single"
    """Some faults."""
    UNRECORDED = "unrecorded"
    """Nobody knows: a file of before this was written down."""


class Cause(NamedTuple):
    """One reason of several failing results.

    Attributes:
        implementation: Whose they are.
        operator: Of which operator.
        operation: Of its output, or of which gradient.
        said: What the results are: those of a choice or a fault. Empty if none that was tried gives them.
        explained: On how many calls it gives what came.
        examined: How many failing calls were looked at: the small ones, if there are any.
        larger: How many others fail, too.
        cases: The ids of the cases that it explains.
        untried: What was not tried, where nothing is said.
        seconds: How long it was looked for.
    """

    implementation: str
    operator: str
    operation: str
    said: str
    explained: int
    examined: int
    larger: int
    cases: tuple[str, ...]
    untried: str = Untried.NOTHING
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Says so in a sentence."""
        return self.text_for("--diagnose-seconds")

    def text_for(self, option: str) -> str:
        """Says so in a sentence, with the option that gives more time."""
        what = ("" if self.operator == DEFAULT else f"{self.operator}, ") + self.operation.replace("_", " ")
        calls = "failing calls" + (f" ({self.larger} larger ones fail, too)" if self.larger else "")
        if not self.said:
            return f"{what}: {self._unexplained(calls, option)}"
        count = f"all {self.examined}" if self.explained == self.examined else f"{self.explained} of {self.examined}"
        return f"{what}: on {count} {calls} the results are those of {self.said}"

    def _unexplained(self, calls: str, option: str) -> str:
        which = f"{self.explained} of {self.examined} {calls}"
        ran_out, more = f"time ran out ({self.seconds:g} s) before", f"{option} gives more"
        if self.untried == Untried.SINGLE:
            return f"{ran_out} all known faults were tried on {which}: {more}"
        if self.untried == Untried.PAIRS:
            return f"no single known fault explains {which}; {ran_out} all pairs of them were tried: {more}"
        if self.untried == Untried.UNRECORDED:
            return f"nothing that was tried explains {which} (whether time ran out is not recorded)"
        return f"no known fault explains {which}"
