"""Known deviations: where an implementation is known not to do what its dialect says, and why.

One file per implementation, ``deviations/NAME.toml``. A deviation that is listed does not fail a run; one that is listed and does
not show does, so that the lists stay true. A pattern that matches no case is an error.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING

from .judge import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .case import Case
    from .judge import Judgement
    from .results import Result

_KEYS = {"cases", "dialects", "dtypes", "reason", "link", "added", "sometimes"}


class DeviationListError(Exception):
    """A list of known deviations that cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known deviation.

    Attributes:
        cases: Patterns of case ids.
        dialects: Patterns of dialects.
        dtypes: Patterns of data types.
        reason: What the implementation does.
        link: Where that can be read; may be empty.
        sometimes: Whether the result may also happen to be right, as it may where memory is read that nobody wrote.
    """

    cases: tuple[str, ...]
    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    reason: str
    link: str
    sometimes: bool

    def matches(self, result: Result) -> bool:
        """Returns whether this deviation is about ``result``."""
        pairs = ((result.case, self.cases), (result.dialect, self.dialects), (result.dtype, self.dtypes))
        return all(any(fnmatchcase(value, pattern) for pattern in patterns) for value, patterns in pairs)


def parse(text: str, where: str, cases: Iterable[Case]) -> tuple[Deviation, ...]:
    """Returns the deviations of a TOML document; ``where`` names it in errors.

    Raises:
        DeviationListError: it is not such a document, or a pattern matches no case.
    """
    ids = [case.id for case in cases]
    try:
        entries = tomllib.loads(text).get("deviation", [])
    except tomllib.TOMLDecodeError as error:
        raise DeviationListError(f"{where}: {error}") from error
    deviations = []
    for number, entry in enumerate(entries, 1):
        if odd := set(entry) - _KEYS:
            raise DeviationListError(f"{where}: deviation {number} has unknown keys: {', '.join(sorted(odd))}")
        if missing := {"cases", "reason", "added"} - set(entry):
            raise DeviationListError(f"{where}: deviation {number} lacks {', '.join(sorted(missing))}")
        for pattern in entry["cases"]:
            if not any(fnmatchcase(case, pattern) for case in ids):
                raise DeviationListError(f"{where}: deviation {number}: no case matches {pattern!r}")
        deviations.append(
            Deviation(
                cases=tuple(entry["cases"]),
                dialects=tuple(entry.get("dialects", ["*"])),
                dtypes=tuple(entry.get("dtypes", ["*"])),
                reason=entry["reason"],
                link=entry.get("link", ""),
                sometimes=entry.get("sometimes", False),
            )
        )
    return tuple(deviations)


def load(implementation: str, cases: Iterable[Case]) -> tuple[Deviation, ...]:
    """Returns the known deviations of an implementation; none if it has no list."""
    file = files(__package__).joinpath("deviations", f"{implementation}.toml")
    return parse(file.read_text(encoding="utf-8"), file.name, cases) if file.is_file() else ()


def apply(result: Result, deviations: Sequence[Deviation]) -> Result:
    """Returns ``result`` with the verdict that it has in the light of the known deviations."""
    known = next((deviation for deviation in deviations if deviation.matches(result)), None)
    judgement = result.judgement
    if known is None or judgement.verdict == Verdict.UNSUPPORTED:
        return result
    if judgement.verdict.is_failure:
        return replace(result, judgement=_known(judgement, known))
    if known.sometimes:
        return result
    reason = f"conforms, but is listed as a known deviation: {known.reason}"
    return replace(result, judgement=replace(judgement, verdict=Verdict.UNEXPECTED_PASS, reason=reason))


def _known(judgement: Judgement, known: Deviation) -> Judgement:
    link = f" ({known.link})" if known.link else ""
    reason = f"{known.reason}{link} — {judgement.verdict}: {judgement.reason}"
    return replace(judgement, verdict=Verdict.KNOWN, reason=reason)
