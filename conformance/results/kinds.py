"""The three kinds of verdicts, which say what a user has to think of an implementation, and how many of each every rule has.

A result is of one kind whether it is listed as a known deviation or not: a list can make a crash known, but not right. Whether it
is listed decides what fails a run (`gates`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING

from ..call import Operation
from ..operator import rule_number
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..verdict import Judgement
    from .result import Result


class Kind(StrEnum):
    """What a result says of an implementation, from good to bad."""

    FOLLOWS = "follows"
    """It does what its dialect says."""
    DIFFERS = "differs"
    """It does something else that can be had on purpose: another value, another reading, a refusal, nothing."""
    WRONG = "wrong"
    """Nobody can want this: it crashed, hung, gave NaN for a number, read memory that nobody wrote to, wrote to memory that is
    not its own, gave two answers to one question, or a gradient that is not the derivative."""


_ALWAYS_WRONG = {
    Verdict.CRASHED,
    Verdict.TIMED_OUT,
    Verdict.NONDETERMINISTIC,
    Verdict.UNINITIALISED,
    Verdict.WROTE_OUTSIDE,
}
_WORDS = {Kind.WRONG: "wrong", Kind.DIFFERS: "differ"}
_FOLLOWS = {Verdict.CONFORMS, Verdict.UNEXPECTED_PASS}


def kind_of(judgement: Judgement, operation: str) -> Kind:
    """The kind of a judgement of an answer to ``operation``; of a known deviation, that of what is known."""
    verdict = judgement.listed or judgement.verdict
    if verdict in _FOLLOWS:
        return Kind.FOLLOWS
    if verdict in _ALWAYS_WRONG or judgement.not_finite:
        return Kind.WRONG
    # An output may be another dialect's. Its derivative is only one.
    return Kind.WRONG if verdict == Verdict.DEVIATES and operation != Operation.FORWARD else Kind.DIFFERS


def kind_of_result(result: Result) -> Kind:
    """The kind of a result."""
    return kind_of(result.judgement, result.operation)


def by_rule(results: Iterable[Result]) -> Mapping[str, Mapping[str, Counter[Kind]]]:
    """For each implementation and each rule of its cases, how many results there are of each kind.

    What an implementation does not support is left out: it says nothing of a rule.
    """
    counts: dict[str, dict[str, Counter[Kind]]] = defaultdict(lambda: defaultdict(Counter))
    for result in results:
        if result.judgement.verdict != Verdict.UNSUPPORTED:
            kind = kind_of_result(result)
            for rule in result.rules:
                counts[result.implementation][rule][kind] += 1
    return {name: dict(sorted(rules.items(), key=lambda item: rule_number(item[0]))) for name, rules in counts.items()}


def worst(counts: Mapping[Kind, int]) -> Kind:
    """The worst kind of which there is one."""
    return next((kind for kind in reversed(Kind) if counts.get(kind)), Kind.FOLLOWS)


def in_words(rules: Mapping[str, Mapping[Kind, int]]) -> dict[Kind, str]:
    """For each kind, the rules whose worst results are of it, with how many of how many are not as they should be."""
    names: dict[Kind, list[str]] = defaultdict(list)
    for rule, counts in rules.items():
        kind = worst(counts)
        parts = [f"{counts[k]} {word}" for k, word in _WORDS.items() if counts.get(k)]
        names[kind].append(f"{rule} ({', '.join(parts)} of {sum(counts.values())})" if parts else rule)
    return {kind: ", ".join(names[kind]) for kind in Kind if kind in names}
