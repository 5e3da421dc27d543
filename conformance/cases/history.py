"""Cases of several calls: no answer may depend on calls before it, beside it, or in the process that this one was copied from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .case import Case

IN_TURN, AT_ONCE, AFTER_FORK = "history", "threads", "fork"
SEVERAL = (IN_TURN, AT_ONCE, AFTER_FORK)
"""Kinds of cases that are several calls: one after the other, in threads at the same time, and on both sides of a fork.

* ``history``: the call of the case; for each step the call with what it changes, and that of the case again.
* ``threads``: the call of the case and those of its steps, made by threads at the same time, again and again.
* ``fork``: the call of the case; that of the step, in a process that was copied from the one which made it; the first again.
"""


class Made(NamedTuple):
    """One of the calls of a case: a case of its own, and what is said of the call."""

    case: Case
    said: str


def said_of(case: Case) -> str:
    """What is said of all calls of a case that are made together."""
    return f"made by {case.threads} threads at once" if case.kind == AT_ONCE else "around a fork of the process"


def calls_of(case: Case) -> tuple[Made, ...]:
    """The calls of a case, in the order in which they are made, or in which they are handed to threads."""
    first = replace(case, kind="value", steps=())
    steps = [replace(first, arguments={**case.arguments, **s.arguments}, expected=s.expected) for s in case.steps]
    if case.kind == IN_TURN:
        made, count = [Made(first, f"call 1 of {1 + 2 * len(steps)}")], 1 + 2 * len(steps)
        for number, (step, changed) in enumerate(zip(steps, case.steps, strict=True)):
            made += [
                Made(step, f"call {2 * number + 2} of {count}, {changed.changed} changed"),
                Made(first, f"call {2 * number + 3} of {count}, {changed.changed} as before"),
            ]
        return tuple(made)
    if case.kind == AT_ONCE:
        calls = [first, *steps]
        return tuple(Made(each, f"call {n} of {len(calls)}, {said_of(case)}") for n, each in enumerate(calls, 1))
    return (
        Made(first, "before the process forked"),
        Made(steps[0], "in a forked process"),
        Made(first, "after the process forked"),
    )
