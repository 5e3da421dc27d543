"""What makes a run fail.

=============  ==========================================================================================================
``wrong``      a result of the kind *wrong* (`kinds`) that is not listed as a known deviation
``deviation``  a result that is not what its dialect says and not listed, whatever its kind; or one that is listed and does
               conform. This is the default
``regression`` a result that conformed, was known or was contested in the baseline, an earlier run of the same cases, and now is
               one that ``deviation`` is about, other than conforming against the list; or that conformed and is now unsupported
``nothing``    no result
=============  ==========================================================================================================

Several gates together fail a run if one of them does. An implementation that could not be loaded fails every run; one that is
absent, none. A result that the baseline does not have is new, and no regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..verdict import Verdict
from .file import read
from .gate import Gate
from .kinds import Kind, kind_of_result
from .result import key_of_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .result import Key, Result, Subject

_SOUND = {Verdict.CONFORMS.value, Verdict.KNOWN.value, Verdict.CONTESTED.value}
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside its baseline.

    Attributes:
        regressions: Results that the baseline has better.
        fixed: Results that were failures and are none any more.
        new: Results that the baseline does not have.
        missing: How many results of the implementations that were run only the baseline has.
    """

    regressions: Sequence[Result]
    fixed: Sequence[Result]
    new: Sequence[Result]
    missing: int

    def lines(self) -> list[str]:
        """Says so, a line for each regression, a few of them, and one for all counts."""
        said = [
            f"regression: {r.implementation} · {r.case} · {r.dialect} {r.dtype} {r.layout} is "
            f"{r.judgement.verdict.value}: {r.judgement.reason}"
            for r in self.regressions
        ]
        more = [f"… and {len(said) - _SHOWN} more regressions"] if len(said) > _SHOWN else []
        counts = (
            f"{len(said)} regressions, {len(self.fixed)} fixed, {len(self.new)} new, {self.missing} not run this time"
        )
        return [*said[:_SHOWN], *more, f"against the baseline: {counts}"]


def key_of(result: Result) -> Key:
    """The implementation, dialect, case, data type and layout of a result."""
    return result.implementation, result.dialect, result.case, result.dtype, result.layout


def read_baseline(path: Path) -> dict[Key, str]:
    """The verdicts of a result file.

    Raises:
        IncompleteResultsError: it is none, or not a whole one.
    """
    return {key_of_record(record): record["verdict"] for record in read(path) if record["type"] == "result"}


def compare(results: Sequence[Result], baseline: dict[Key, str]) -> Comparison:
    """What changed since the baseline."""
    regressions, fixed, new = [], [], []
    failures = {verdict.value for verdict in Verdict if verdict.is_failure}
    for result in results:
        before, now = baseline.get(key_of(result)), result.judgement.verdict
        if before is None:
            new.append(result)
        elif _is_worse(before, now):
            regressions.append(result)
        elif before in failures and not now.is_failure:
            fixed.append(result)
    made, players = {key_of(result) for result in results}, {result.implementation for result in results}
    return Comparison(regressions, fixed, new, sum(key[0] in players and key not in made for key in baseline))


def _is_worse(before: str, now: Verdict) -> bool:
    if now == Verdict.UNSUPPORTED:
        return before == Verdict.CONFORMS
    return before in _SOUND and now.is_failure and now != Verdict.UNEXPECTED_PASS


def choose(names: Sequence[str], *, has_baseline: bool) -> tuple[Gate, ...]:
    """The gates that were asked for.

    Raises:
        UsageError: one is about a baseline, and there is none.
    """
    gates = tuple(Gate(name) for name in names) or (Gate.DEVIATION,)
    if Gate.REGRESSION in gates and not has_baseline:
        raise UsageError("--fail-on regression needs the result file of an earlier run: --baseline run.ndjson")
    return gates


def failing(results: Sequence[Result], gates: Sequence[Gate], comparison: Comparison | None) -> list[Result]:
    """The results that fail a run, in their order."""
    worse = {key_of(result) for result in comparison.regressions} if comparison else set()

    def stops(result: Result, gate: Gate) -> bool:
        failed = result.judgement.verdict.is_failure
        match gate:
            case Gate.WRONG:
                return failed and kind_of_result(result) == Kind.WRONG
            case Gate.DEVIATION:
                return failed
            case Gate.REGRESSION:
                return key_of(result) in worse
            case Gate.NOTHING:
                return False

    return [result for result in results if any(stops(result, gate) for gate in gates)]


def fails(found: Sequence[Result], subjects: Sequence[Subject]) -> bool:
    """Whether a run fails, given the results that do not pass a gate."""
    return bool(found) or any(subject.state == "broken" for subject in subjects)
