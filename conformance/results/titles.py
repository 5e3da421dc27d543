"""The titles of rules, as the chapters of the specification have them."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from .. import operators
from .kinds import Kind, conduct_like, worst

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = {Kind.WRONG: "wrong", Kind.DIFFERS: "differ"}
_RULE = re.compile(r"^## ([A-Z]+-\d+) (.+)$", re.MULTILINE)


@cache
def of_operator(operator: str) -> Mapping[str, str]:
    """The rules of an operator and their titles, in order; none of one that the registry does not know."""
    if operator not in operators.NAMES:
        return {}
    return dict(_RULE.findall(operators.folder(operator).joinpath("RULES.md").read_text(encoding="utf-8")))


@cache
def titles() -> Mapping[str, str]:
    """The titles of all rules, those of conduct included."""
    found = {rule: title for operator in operators.NAMES for rule, title in of_operator(operator).items()}
    return {conduct_like(rule): "Conduct" for rule in found} | found


def in_words(rules: Mapping[str, Mapping[Kind, int]]) -> dict[Kind, str]:
    """For each kind, the rules whose worst results are of it, with how many of how many are not as they should be."""
    names: dict[Kind, list[str]] = defaultdict(list)
    for rule, counts in rules.items():
        kind = worst(counts)
        parts = [f"{counts[k]} {word}" for k, word in _WORDS.items() if counts.get(k)]
        names[kind].append(f"{_named(rule)} ({', '.join(parts)} of {sum(counts.values())})" if parts else rule)
    return {kind: ", ".join(names[kind]) for kind in Kind if kind in names}


def _named(rule: str) -> str:
    return f"{rule} {titles().get(rule, '')}".rstrip()
