"""The three kinds of verdicts, which say what a user has to think of an implementation, and how many of each every rule has.

A result is of one kind whether it is listed as a known deviation or not: a list can make a crash known, but not right. Whether it
is listed decides what fails a run (`gates`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from ..operation import Operation
from ..operator import rule_number
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

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
    not its own, an argument's included, gave two answers to one question, or a gradient that is not the derivative."""


_ALWAYS_WRONG = {
    Verdict.CRASHED,
    Verdict.TIMED_OUT,
    Verdict.NONDETERMINISTIC,
    Verdict.UNINITIALISED,
    Verdict.WROTE_OUTSIDE,
    Verdict.OVERWROTE,
}
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
    """For each implementation and each rule of its cases, how many results of each kind are counted under it.

    What an implementation does not support is left out: it says nothing of a rule.
    """
    made = [result for result in results if result.judgement.verdict != Verdict.UNSUPPORTED]
    kinds = [kind_of_result(result) for result in made]
    judged = [
        Judged((r.implementation, r.dialect), r.rules, r.judgement.listed or r.judgement.verdict, kind)
        for r, kind in zip(made, kinds, strict=True)
    ]
    counts: dict[str, dict[str, Counter[Kind]]] = defaultdict(lambda: defaultdict(Counter))
    for result, kind, rules in zip(made, kinds, attribute(judged), strict=True):
        for rule in rules:
            counts[result.implementation][rule][kind] += 1
    return {name: dict(sorted(rules.items(), key=lambda item: rule_number(item[0]))) for name, rules in counts.items()}


_OF_CONDUCT = {Verdict.NONDETERMINISTIC, Verdict.UNINITIALISED, Verdict.WROTE_OUTSIDE, Verdict.OVERWROTE}


class Judged(NamedTuple):
    """What of a result decides under which rules it is counted.

    Attributes:
        whose: The implementation, and the dialect that it follows.
        rules: The rules that its case exercises.
        verdict: Its verdict; of a known deviation, the one that is known.
        kind: Its kind.
    """

    whose: Hashable
    rules: Sequence[str]
    verdict: str
    kind: Kind


def attribute(results: Sequence[Judged]) -> list[Sequence[str]]:
    """For each result the rules that it is counted under.

    What follows its dialect vouches for every rule that the case exercises. What does not is explained by one of them, and judges
    none of the others: by the one of whose results, in this dialect, the largest part fails; one alone proves less than several.
    What a call does beside its result, whatever that is, no rule explains: it is counted under one of its own, `conduct_like`.
    """
    ran: dict[Hashable, Counter[str]] = defaultdict(Counter)
    failed: dict[Hashable, Counter[str]] = defaultdict(Counter)
    for result in results:
        if result.verdict not in _OF_CONDUCT:
            ran[result.whose].update(result.rules)
            failed[result.whose].update(result.rules if result.kind != Kind.FOLLOWS else ())

    def rules_of(result: Judged) -> Sequence[str]:
        if result.kind == Kind.FOLLOWS or not result.rules:
            return result.rules
        if result.verdict in _OF_CONDUCT:
            return (conduct_like(result.rules[0]),)
        fails, all_of_them = failed[result.whose], ran[result.whose]
        return (
            max(sorted(result.rules, key=rule_number), key=lambda rule: Fraction(fails[rule], all_of_them[rule] + 1)),
        )

    return [rules_of(result) for result in results]


def conduct_like(rule: str) -> str:
    """The rule 0 of the chapter that a rule is in: ``"RA-0"``."""
    return f"{rule.partition('-')[0]}-0"


def worst(counts: Mapping[Kind, int]) -> Kind:
    """The worst kind of which there is one."""
    return next((kind for kind in reversed(Kind) if counts.get(kind)), Kind.FOLLOWS)
