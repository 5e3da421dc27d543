"""Turns what a user typed into cases and targets. Mistakes end in a `UsageError` whose message says what would do."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import operators
from ..call import DTYPES, LAYOUTS
from ..cases.selection import check_names
from ..errors import UsageError
from ..implementation import registered, run_by_default
from ..peers import places
from ..workers.process import Target
from .request import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def selection(
    dtypes: Sequence[str],
    layouts: Sequence[str],
    dialects: Sequence[str],
    names: Sequence[str] = (),
    *,
    quick: bool = False,
) -> Selection:
    """The selection of calls, or of those of the ``quick`` tier; ``names`` are those of operators."""
    chosen = check_names("operator", names, operators.NAMES)
    known = _dialects(chosen or operators.NAMES) if dialects else []
    return Selection(
        operators=chosen,
        dtypes=check_names("data type", dtypes, DTYPES),
        layouts=check_names("layout", layouts, LAYOUTS),
        dialects=check_names("dialect", dialects, known),
        quick=quick,
    )


def operators_of(targets: Sequence[Target], chosen: Selection) -> tuple[str, ...]:
    """The operators that are chosen, or that functions compute if there is nothing but functions; none if any may be judged."""
    computed = [target.operator for target in targets]
    return chosen.operators or tuple(dict.fromkeys(name for name in computed if name and None not in computed))


def _dialects(names: Iterable[str]) -> list[str]:
    """The dialects of operators."""
    return [*dict.fromkeys(dialect for name in names for dialect in operators.get(name).dialects)]


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
    names_of_operators: Sequence[str] = (),
) -> list[Target]:
    """What to run: the named implementations, the callables and the workers; if none is given, all that are registered for that.

    A callable computes the operator that is named; RoIAlign if none is.
    """
    points = registered()
    check_names("implementation", names, list(points))
    interpreters = _interpreters(pythons, list(points))
    wanted = names or ([] if callables or workers else run_by_default())
    targets = []
    for name in dict.fromkeys(wanted):
        target = Target(name, f"adapter:{points[name].module}:{points[name].attr}")
        if name in interpreters:
            targets.append(replace(target, python=interpreters[name]))
        else:
            place = places.find(points[name])
            targets.append(replace(target, python=place.python, bare=place.bare))
    if callables and len(names_of_operators) > 1:
        raise UsageError(f"a function computes one operator, and --op names {', '.join(names_of_operators)}")
    operator = next(iter(names_of_operators), operators.DEFAULT)
    named = [] if operator == operators.DEFAULT else [operator]
    for path in dict.fromkeys(callables):
        module, colon, function = path.partition(":")
        if not colon or not module or not function:
            raise UsageError(f"--implementation takes MODULE:FUNCTION or FILE.py:FUNCTION, not {path!r}")
        claimed = tuple(dialects) or operators.get(operator).function_dialects
        targets.append(
            Target(path, ":".join(("callable", arrays, *named, module, function)), claimed, operator=operator)
        )
    return targets + _workers(workers, [*points, *(target.name for target in targets)])
