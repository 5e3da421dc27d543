"""A run for GitHub Actions: annotations on standard output, and the job's summary.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from . import junit_markdown as exports
from .gates import key_of
from .summary import reasons_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .result import Result
    from .summary import Reason, Summary

MOST_ANNOTATIONS = 10
"""GitHub shows so many errors, and so many warnings, of a step, and drops the rest without a word."""

SUMMARY_BYTES = 1024 * 1024
"""GitHub takes so much of a step's summary, and none of one that is longer."""

_LONGEST = 1000  # characters of an annotation


def is_here() -> bool:
    """Whether this is a step of a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def report(summary: Summary, failing: Sequence[Result]) -> None:
    """Prints annotations, and adds to the job's summary."""
    for line in commands(summary, failing):
        print(line)  # noqa: T201 - not for people, and not to be wrapped
    add_summary(summary)


def commands(summary: Summary, failing: Sequence[Result]) -> Iterator[str]:
    """Workflow commands: an error for each reason for which the run fails, a warning for each that no gate minds."""
    stop = {key_of(result) for result in failing}
    broken = [s for s in summary.subjects if s.state == "broken"]
    errors = [("error", f"{s.implementation} could not be loaded", s.reason) for s in broken]
    errors += [("error", *_texts(reason)) for reason in reasons_of(failing)]
    others = [r for r in summary.results if r.judgement.verdict.is_failure and key_of(r) not in stop]
    warnings = [("warning", *_texts(reason)) for reason in reasons_of(others)]
    for group in (errors, warnings):
        shown = group if len(group) <= MOST_ANNOTATIONS else group[: MOST_ANNOTATIONS - 1]
        yield from (_command(*annotation) for annotation in shown)
        if more := len(group) - len(shown):
            yield _command(group[0][0], f"{more} more", f"There are {more} more reasons: see the job summary.")


def _texts(reason: Reason) -> tuple[str, str]:
    verdict = f"{reason.implementation}: {reason.case} {reason.verdict.value}"
    return verdict, f"{reason.where}: {reason.text}"


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_escape(message[:_LONGEST])}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def add_summary(summary: Summary) -> None:
    """Adds the table and the reasons to the job's summary, as far as there is room in it; nothing outside a workflow."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    taken = path.stat().st_size if path.exists() else 0
    text = exports.markdown(summary, room=max(min(exports.MARKDOWN_BYTES, SUMMARY_BYTES - taken - 1), 0))
    if len(text.encode()) <= SUMMARY_BYTES - taken:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)
