"""Which cases a user means. Mistakes end in a `UsageError` whose message says what would do."""

from __future__ import annotations

import json
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..errors import UsageError
from .case import Case, cases_of, load_cases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def _unknown(kind: str, name: str, known: Iterable[str], otherwise: str = "") -> UsageError:
    known = list(known)
    close = get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else otherwise or f"there are {', '.join(known)}"
    return UsageError(f"no {kind} is called {name!r}: {hint}")


def check_names(kind: str, names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """``names`` if all are known."""
    for name in names:
        if name not in known:
            raise _unknown(kind, name, known)
    return tuple(names)


def find_case(cases: Sequence[Case], case_id: str) -> Case:
    """The case with this id."""
    for case in cases:
        if case.id == case_id:
            return case
    raise _unknown("case", case_id, [case.id for case in cases], "see `roikit list cases`")


def read_cases(path: Path | None) -> tuple[Case, ...]:
    """The cases of a file, such as `roikit fuzz` writes; the golden cases if there is none."""
    if path is None:
        return load_cases()
    try:
        return tuple(cases_of(json.loads(path.read_text(encoding="utf-8"))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no case file: {type(error).__name__}: {error}") from None


def of_edition(cases: Sequence[Case], edition: str | None) -> tuple[Case, ...]:
    """The cases that there were in an edition, by default the newest."""
    known = sorted({case.edition for case in cases})
    if edition is not None and edition not in known:
        raise _unknown("edition", edition, known)
    return tuple(case for case in cases if edition is None or case.edition <= edition)


def select_cases(cases: Sequence[Case], patterns: Sequence[str]) -> tuple[Case, ...]:
    """The cases that any pattern picks: by id, by group or by rule, each with ``*`` and ``?``."""
    if not patterns:
        return tuple(cases)

    def picks(pattern: str, case: Case) -> bool:
        return any(fnmatchcase(name, pattern) for name in (case.id, case.group, *case.rules))

    for pattern in patterns:
        if not any(picks(pattern, case) for case in cases):
            known = dict.fromkeys(name for case in cases for name in (case.group, case.id, *case.rules))
            close = get_close_matches(pattern, known, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "see `roikit list cases`"
            raise UsageError(f"no case, group or rule matches {pattern!r}: {hint}")
    return tuple(case for case in cases if any(picks(pattern, case) for pattern in patterns))
