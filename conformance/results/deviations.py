"""Known deviations: where an implementation is known not to do what its dialect says, and why.

One file per implementation, ``deviations/NAME.toml``. A deviation that is listed does not fail a run; one that is listed and does
not show does, so that the lists stay true. A pattern that matches no case is an error.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .. import operators
from ..call import DTYPES
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..cases.case import Case
    from ..verdict import Judgement
    from .result import Result

TODO = "TODO:"
"""How the reason of an entry begins that nobody has understood yet."""

_KEYS = {"cases", "operators", "dialects", "dtypes", "reason", "link", "added", "sometimes", "choices", "probes"}


class DeviationListError(Exception):
    """A list of known deviations that cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known deviation.

    Attributes:
        cases: Patterns of case ids.
        operators: Patterns of operators.
        dialects: Patterns of dialects.
        dtypes: Patterns of data types.
        reason: What the implementation does.
        link: Where that can be read; may be empty.
        sometimes: Whether the result may also happen to be right, as it may where memory is read that nobody wrote.
        choices: By decision point, what the implementation chooses instead, if that is how it deviates.
        probes: Patterns of probes that no dialect explains for this reason, when a dialect is read off it.
    """

    cases: tuple[str, ...]
    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    reason: str
    link: str
    sometimes: bool
    choices: Mapping[str, Any] = field(default_factory=dict)
    operators: tuple[str, ...] = ("*",)
    probes: tuple[str, ...] = ()

    def matches(self, operator: str, case: str, dialect: str, dtype: str) -> bool:
        """Whether this deviation is about the case of this id in ``dialect`` and ``dtype``."""
        return _matches(case, self.cases) and self.is_about(operator, dialect, dtype)

    def is_about(self, operator: str, dialect: str, dtype: str) -> bool:
        """Whether this deviation is about any case of ``operator`` in ``dialect`` and ``dtype``."""
        about = (operator, self.operators), (dialect, self.dialects), (dtype, self.dtypes)
        return all(_matches(name, patterns) for name, patterns in about)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def parse(text: str, where: str, cases: Iterable[Case], *, drafts: bool = False) -> tuple[Deviation, ...]:
    """The deviations of a TOML document; ``where`` names it in errors.

    Raises:
        DeviationListError: it is not such a document, or a pattern matches no case; or, unless ``drafts`` will do, a reason
            is still to be written.
    """
    cases = list(cases)
    known = {
        "cases": [case.id for case in cases],
        "operators": list(operators.NAMES),
        "dialects": [name for operator in operators.everyone() for name in operator.dialects],
        "dtypes": list(DTYPES),
        "probes": [
            probe.name for each in operators.everyone() if each.probes for probe in each.probes.offered(each.modes)
        ],
    }
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeviationListError(f"{where}: {error}") from error
    entries = document.pop("deviation", [])
    if document or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DeviationListError(f"{where}: holds something else than [[deviation]] tables")
    deviations = []
    for number, entry in enumerate(entries, 1):
        if odd := set(entry) - _KEYS:
            raise DeviationListError(f"{where}: deviation {number} has unknown keys: {', '.join(sorted(odd))}")
        if missing := {"cases", "reason", "added"} - set(entry):
            raise DeviationListError(f"{where}: deviation {number} lacks {', '.join(sorted(missing))}")
        if entry["reason"].startswith(TODO) and not drafts:
            raise DeviationListError(
                f"{where}: deviation {number}: the reason is still to be written, {entry['reason']}"
            )
        for key in known.keys() & entry.keys():
            _check_patterns(entry[key], known[key], f"{where}: deviation {number}: {key}")
        names = [name for name in operators.NAMES if _matches(name, entry.get("operators", ["*"]))]
        choices = _choices(entry.get("choices", {}), names, f"{where}: deviation {number}: choices")
        deviations.append(
            Deviation(
                cases=tuple(entry["cases"]),
                dialects=tuple(entry.get("dialects", ["*"])),
                dtypes=tuple(entry.get("dtypes", ["*"])),
                reason=entry["reason"],
                link=entry.get("link", ""),
                sometimes=entry.get("sometimes", False),
                choices=choices,
                operators=tuple(entry.get("operators", ["*"])),
                probes=tuple(entry.get("probes", [])),
            )
        )
    return tuple(deviations)


def _choices(table: Any, names: Sequence[str], where: str) -> dict[str, Any]:
    """The choices of a table, at decision points of the first of the named operators that has all of these."""
    problem: Exception = TypeError(f"{table!r} is no table")
    for name in names if isinstance(table, dict) else ():
        dialect = next(iter(operators.get(name).dialects.values()))
        try:
            return {point: getattr(replace(dialect, **{point: choice}), point) for point, choice in table.items()}
        except (AttributeError, TypeError) as error:  # no such point
            problem = problem if isinstance(problem, ValueError) else error
        except ValueError as error:  # the point, but no such choice
            problem = error
    raise DeviationListError(f"{where} must name decision points and their choices: {problem}")


def _check_patterns(patterns: object, names: Sequence[str], where: str) -> None:
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise DeviationListError(f"{where} must be a list of strings, not {patterns!r}")
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise DeviationListError(f"{where}: nothing matches {pattern!r}")


@cache
def load(implementation: str, cases: tuple[Case, ...]) -> tuple[Deviation, ...]:
    """The known deviations of an implementation; none if it has no list."""
    file = files("roikit.conformance").joinpath("deviations", f"{implementation}.toml")
    return parse(file.read_text(encoding="utf-8"), file.name, cases) if file.is_file() else ()


def read(path: Path, cases: Iterable[Case]) -> tuple[Deviation, ...]:
    """The known deviations of a file."""
    return parse(path.read_text(encoding="utf-8"), str(path), cases)


def find(deviations: Iterable[Deviation], case: Case, dialect: str, dtype: str) -> Deviation | None:
    """The first of ``deviations`` that is about a case in ``dialect`` and ``dtype``."""
    found = (deviation for deviation in deviations if deviation.matches(case.operator, case.id, dialect, dtype))
    return next(found, None)


def apply(result: Result, deviations: Sequence[Deviation]) -> Result:
    """``result`` with the verdict that it has in the light of the known deviations."""
    about = result.operator, result.case, result.dialect, result.dtype
    known = next((deviation for deviation in deviations if deviation.matches(*about)), None)
    judgement = result.judgement
    if known is None or judgement.verdict == Verdict.UNSUPPORTED:
        return result
    if judgement.verdict.is_failure or judgement.verdict == Verdict.CONTESTED:
        return replace(result, judgement=_known(judgement, known))
    if known.sometimes:
        return result
    reason = f"conforms, but is listed as a known deviation: {known.reason}"
    return replace(result, judgement=replace(judgement, verdict=Verdict.UNEXPECTED_PASS, reason=reason))


def _known(judgement: Judgement, known: Deviation) -> Judgement:
    link = f" ({known.link})" if known.link else ""
    reason = f"{known.reason}{link} — {judgement.verdict}: {judgement.reason}"
    return replace(judgement, verdict=Verdict.KNOWN, reason=reason, listed=judgement.verdict)
