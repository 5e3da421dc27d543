"""Turns what a user typed into cases and targets. Mistakes end in a `UsageError` whose message says what would do."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..kernels.dialect import DIALECTS
from . import places
from .case import DTYPES, LAYOUTS, cases_of, load_cases
from .implementation import registered
from .process import Target
from .runner import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .case import Case


class UsageError(Exception):
    """The user asked for something that does not exist."""


def _unknown(kind: str, name: str, known: Iterable[str], otherwise: str = "") -> UsageError:
    known = list(known)
    close = get_close_matches(name, known, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else otherwise or f"there are {', '.join(known)}"
    return UsageError(f"no {kind} is called {name!r}: {hint}")


def check_names(kind: str, names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Returns ``names`` if all are known."""
    for name in names:
        if name not in known:
            raise _unknown(kind, name, known)
    return tuple(names)


def find_case(cases: Sequence[Case], case_id: str) -> Case:
    """Returns the case with this id."""
    for case in cases:
        if case.id == case_id:
            return case
    raise _unknown("case", case_id, [case.id for case in cases], "see `roikit list cases`")


def read_cases(path: Path | None) -> tuple[Case, ...]:
    """Returns the cases of a file, such as `roikit fuzz` writes; the golden cases if there is none."""
    if path is None:
        return load_cases()
    try:
        return tuple(cases_of(json.loads(path.read_text(encoding="utf-8"))))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no case file: {type(error).__name__}: {error}") from None


def of_edition(cases: Sequence[Case], edition: str | None) -> tuple[Case, ...]:
    """Returns the cases that there were in an edition, by default the newest."""
    known = sorted({case.edition for case in cases})
    if edition is not None and edition not in known:
        raise _unknown("edition", edition, known)
    return tuple(case for case in cases if edition is None or case.edition <= edition)


def select_cases(cases: Sequence[Case], patterns: Sequence[str]) -> tuple[Case, ...]:
    """Returns the cases that any pattern picks: by id, by group or by rule, each with ``*`` and ``?``."""
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


def selection(dtypes: Sequence[str], layouts: Sequence[str], dialects: Sequence[str]) -> Selection:
    """Returns the selection of calls."""
    return Selection(
        dtypes=check_names("data type", dtypes, DTYPES),
        layouts=check_names("layout", layouts, LAYOUTS),
        dialects=check_names("dialect", dialects, tuple(DIALECTS)),
    )


def _interpreters(pairs: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    chosen = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not equals or not path:
            raise UsageError(f"--python takes NAME=PATH, not {pair!r}")
        check_names("implementation", [name], names)
        chosen[name] = path
    return chosen


def _workers(pairs: Sequence[str], taken: Iterable[str]) -> list[Target]:
    targets: list[Target] = []
    for pair in pairs:
        name, equals, command = pair.partition("=")
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise UsageError(f"--worker {pair!r}: {error}") from None
        if not equals or not name or not words:
            raise UsageError(f"--worker takes NAME=COMMAND, not {pair!r}")
        if name in taken or any(target.name == name for target in targets):
            raise UsageError(f"--worker {pair!r}: there is an implementation called {name!r}")
        targets.append(Target(name, "", command=words))
    return targets


def select_targets(
    names: Sequence[str],
    callables: Sequence[str],
    arrays: str,
    dialects: Sequence[str],
    pythons: Sequence[str],
    workers: Sequence[str] = (),
) -> list[Target]:
    """Returns what to run: the named implementations, the callables and the workers; all that are registered if none is given."""
    points = registered()
    check_names("implementation", names, list(points))
    interpreters = _interpreters(pythons, list(points))
    wanted = names or ([] if callables or workers else list(points))
    targets = []
    for name in dict.fromkeys(wanted):
        target = Target(name, f"adapter:{points[name].module}:{points[name].attr}")
        if name in interpreters:
            targets.append(replace(target, python=interpreters[name]))
        else:
            place = places.find(points[name])
            targets.append(replace(target, python=place.python, bare=place.bare))
    for path in dict.fromkeys(callables):
        module, colon, function = path.partition(":")
        if not colon or not module or not function:
            raise UsageError(f"--implementation takes MODULE:FUNCTION, not {path!r}")
        claimed = tuple(dialects) or ("torchvision", "torchvision-aligned")
        targets.append(Target(path, f"callable:{arrays}:{module}:{function}", claimed))
    return targets + _workers(workers, [*points, *(target.name for target in targets)])
