"""A run as the JSON that shields.io makes a badge of (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from ..verdict import Verdict
from .kinds import Kind, kind_of_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .summary import Summary

_NAMED = 2  # dialects


def badge(summary: Summary, edition: str, failing: int) -> str:
    """The badge: dialects and edition on its left, what a user of the implementation needs to know on its right."""
    ran = [result for result in summary.results if result.judgement.verdict != Verdict.UNSUPPORTED]
    broken = sum(subject.state == "broken" for subject in summary.subjects)
    dialects = list(dict.fromkeys(result.dialect for result in ran))
    message, colour = _verdict([kind_of_result(result) for result in ran], failing, broken)
    if summary.cut_off and not failing:
        message, colour = "incomplete", "inactive"
    label = " · ".join(filter(None, (summary.title(), _names(dialects), edition)))
    return json.dumps({"schemaVersion": 1, "label": label, "message": message, "color": colour}) + "\n"


def _names(dialects: Sequence[str]) -> str:
    more = len(dialects) - _NAMED
    return ", ".join(dialects[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _verdict(kinds: Sequence[Kind], failing: int, broken: int) -> tuple[str, str]:
    """What the badge says and its colour."""
    if broken:
        return "does not load", "critical"
    if not kinds:
        return "not run", "inactive"
    counts = Counter(kinds)
    parts = [f"{counts[Kind.FOLLOWS]} of {len(kinds)} conform"]
    parts += [
        f"{counts[kind]} {word}" for kind, word in ((Kind.DIFFERS, "differ"), (Kind.WRONG, "wrong")) if counts[kind]
    ]
    if failing:
        return ", ".join(parts), "critical"
    return ", ".join(parts), "orange" if counts[Kind.WRONG] else "yellowgreen" if counts[
        Kind.DIFFERS
    ] else "brightgreen"
