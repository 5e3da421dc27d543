"""The known deviations of an implementation, held against the results of a run as they come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..verdict import Verdict
from .deviations import in_order, is_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..verdict import Judgement
    from .deviations import Deviation
    from .result import Result


@dataclass(slots=True)
class _Pattern:
    """What was seen under a pattern: whether anything deviates, and the first result that does not, which is held back."""

    text: str
    all_are_run: bool
    deviates: bool = False
    held: list[Result] = field(default_factory=list)


class KnownDeviations:
    """Gives results the verdicts that they have in the light of a list.

    A case that is listed by its id and conforms is an unexpected pass. Of those that a pattern stands for, some may conform, and
    do: only if none deviates, and all were run, the first of them is an unexpected pass, since the pattern is out of date.
    """

    def __init__(self, listed: Iterable[Deviation], run: Iterable[str], known: Iterable[str]) -> None:
        """Takes a list, the ids of the cases that are to be run, and of all that there are."""
        self._listed = list(listed)
        left_out = set(known) - set(run)
        self._patterns = {
            (number, text): _Pattern(text, not any(fnmatchcase(name, text) for name in left_out))
            for number, deviation in enumerate(self._listed)
            for text in deviation.cases
            if is_pattern(text) and not deviation.sometimes
        }

    def lists(self, operator: str, case: str, dialect: str, dtype: str) -> bool:
        """Whether a call is listed, whatever becomes of it."""
        return any(known.tells_of(None) and known.matches(operator, case, dialect, dtype) for known in self._listed)

    def judge(self, result: Result) -> list[Result]:
        """The results that can be told, now that this one has come: it, unless it is held back, and another that was."""
        number, known = self._find(result)
        judgement = result.judgement
        if known is None or judgement.verdict == Verdict.UNSUPPORTED:
            return [result]
        patterns = [self._patterns[number, text] for text in known.patterns(result.case) if not known.sometimes]
        if judgement.verdict.is_failure or judgement.verdict == Verdict.CONTESTED:
            return [replace(result, judgement=_known(judgement, known)), *_released(patterns)]
        if known.names(result.case) and not known.sometimes:
            return [_unexpected(result, f"conforms, but is listed as a known deviation: {known.reason}")]
        if patterns and not patterns[0].deviates and not patterns[0].held:
            patterns[0].held.append(result)
            return []
        return [result]

    def close(self, *, all_came: bool) -> list[Result]:
        """The results that were held back, once the run is over; ``all_came`` unless it was cut off, or looked at less."""
        told = []
        for (number, _), pattern in self._patterns.items():
            reason = (
                f"conforms, as does all that matches {pattern.text!r}, which is listed as a known deviation: "
                f"{self._listed[number].reason}"
            )
            outdated = all_came and pattern.all_are_run
            told += [_unexpected(result, reason) if outdated else result for result in pattern.held]
            pattern.held.clear()
        return told

    def _find(self, result: Result) -> tuple[int, Deviation | None]:
        about = in_order(self._listed, result.operator, result.case, result.dialect, result.dtype)
        return next((place for place in about if place[1].tells_of(result.judgement.verdict)), (-1, None))


def _released(patterns: Iterable[_Pattern]) -> Iterator[Result]:
    """What was held back under patterns of which it is now known that something deviates."""
    for pattern in patterns:
        pattern.deviates = True
        yield from pattern.held
        pattern.held.clear()


def _unexpected(result: Result, reason: str) -> Result:
    return replace(result, judgement=replace(result.judgement, verdict=Verdict.UNEXPECTED_PASS, reason=reason))


def _known(judgement: Judgement, known: Deviation) -> Judgement:
    link = f" ({known.link})" if known.link else ""
    reason = f"{known.reason}{link} — {judgement.verdict}: {judgement.reason}"
    return replace(judgement, verdict=Verdict.KNOWN, reason=reason, listed=judgement.verdict)
