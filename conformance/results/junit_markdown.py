"""A run as a JUnit XML report and as a Markdown summary, for continuous integration."""

from __future__ import annotations

import html
import platform
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..operators import DEFAULT
from ..verdict import FAILURES, Verdict
from .kinds import by_rule
from .summary import NOTHING, Cell, Mark
from .titles import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .result import Result, Subject
    from .summary import Reason, Row, Summary

MARKDOWN_BYTES = 1_000_000
"""What a Markdown summary stays under: GitHub takes 1 MiB for a step."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINK = re.compile(r"https?://[^\s()<>&]+")


def _clean(text: str) -> str:
    """Replaces the characters that XML does not allow, and UTF-8 cannot encode."""
    return _NOT_XML.sub("\ufffd", text)


def junit(summary: Summary) -> str:
    """The report: a suite for each implementation, a test case for each result.

    It is valid under both schemas in use, Ant's and Jenkins's, which is why a suite has elements that stay empty. A known
    deviation, a contested result, and what an implementation does not support, is skipped.
    """
    root = ET.Element("testsuites")
    for number, subject in enumerate(summary.subjects):
        results = [result for result in summary.results if result.implementation == subject.implementation]
        cases = [_test_case(result) for result in results] if subject.state == "ran" else [_loading(subject)]
        attributes = {
            "id": str(number),
            "package": "roikit",
            "name": _clean(subject.implementation),
            "hostname": platform.node() or "localhost",
            "timestamp": summary.started.strftime("%Y-%m-%dT%H:%M:%S"),  # which may not name a time zone
            "time": f"{sum(result.seconds for result in results):.3f}",
            "tests": str(len(cases)),
        }
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            attributes[count] = str(sum(case.find(tag) is not None for case in cases))
        suite = ET.SubElement(root, "testsuite", attributes)
        properties = ET.SubElement(suite, "properties")
        if version := (subject.description or {}).get("version"):
            ET.SubElement(properties, "property", name="version", value=_clean(version))
        suite.extend(cases)
        causes = [cause.text for cause in summary.causes if cause.implementation == subject.implementation]
        ET.SubElement(suite, "system-out").text = _clean("\n".join(causes)) or None
        ET.SubElement(suite, "system-err")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _test_case(result: Result) -> ET.Element:
    name = f"{result.case} [{result.dtype} {result.layout}]"
    where = (result.implementation, *([] if result.operator == DEFAULT else [result.operator]), result.dialect)
    case = _element(name, ".".join(where), result.seconds)
    verdict, reason = result.judgement.verdict, result.judgement.reason
    if verdict.is_failure:
        _add(case, "failure", verdict.value, reason).text = _clean(f"{reason}\nrules: {', '.join(result.rules)}")
    elif verdict != Verdict.CONFORMS:
        _add(case, "skipped", verdict.value, reason)
    return case


def _loading(subject: Subject) -> ET.Element:
    """The test case that stands for an implementation that was not run."""
    case = _element("loading", subject.implementation, 0)
    _add(case, "skipped" if subject.state == "absent" else "error", subject.state, subject.reason)
    return case


def _element(name: str, classname: str, seconds: float) -> ET.Element:
    return ET.Element("testcase", name=_clean(name), classname=_clean(classname), time=f"{seconds:.3f}")


def _add(case: ET.Element, tag: str, kind: str, reason: str) -> ET.Element:
    """Adds what became of a test case. Ant's schema knows no type of what is skipped, so that its message names it."""
    if tag == "skipped":
        return ET.SubElement(case, tag, message=_clean(f"{kind}: {reason}"))
    return ET.SubElement(case, tag, type=kind, message=_clean(reason))


def markdown(summary: Summary, room: int = MARKDOWN_BYTES) -> str:
    """The table, what follows which rule, and, folded, why results are failures, contested or known.

    There are as many reasons as there is ``room`` for, in bytes.
    """
    text = f"## {summary.title()} conformance\n\n"
    tables = summary.tables()
    for operator, rows in tables:
        text += f"### {operator}\n\n" if len(tables) > 1 else ""
        text += _table(rows, summary.groups[operator]) + "\n"
    if summary.results:
        text += _rules(summary) + "\n"
    text += f"{summary.headline()}\n\n"
    if causes := [f"<code>{_html(cause.implementation)}</code> {_html(cause.text)}" for cause in summary.causes]:
        text += f"<b>Why</b>\n{_list(causes)}\n"
    if others := [_subject(subject) for subject in summary.subjects if subject.state != "ran"]:
        text += _list(others) + "\n"
    folded = (("failure", FAILURES), ("contested result", (Verdict.CONTESTED,)), ("known deviation", (Verdict.KNOWN,)))
    for title, verdicts in folded:
        if reasons := summary.reasons(*verdicts):
            text += _details(title, reasons, room - len(text.encode())) + "\n"
    return text


def _table(rows: Sequence[Row], groups: Sequence[str]) -> str:
    head = ["implementation", "dialect", *groups]
    lines = [head, [":--", ":--", *("--:" for _ in groups)]]
    previous = ""
    for row in rows:
        name = row.implementation if row.implementation != previous else ""
        counts = [_count(row.cells.get(group, NOTHING)) for group in groups]
        lines.append([_cell(name), _cell(row.label), *counts])
        previous = row.implementation
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rules(summary: Summary) -> str:
    """A list of what each implementation makes of the rules."""
    items = [
        f"<code>{_html(name)}</code> {'; '.join(f'<b>{kind.value}</b> {text}' for kind, text in in_words(rules).items())}"
        for name, rules in by_rule(summary.results).items()
    ]
    return _list(items)


def _count(cell: Cell) -> str:
    return f"{cell} {cell.mark.value}" if cell.mark == Mark.CONFORMS else str(cell)


def _cell(text: str) -> str:
    """``text`` for a cell of a Markdown table."""
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", _html(text))


def _html(text: str) -> str:
    """``text``, on one line, for HTML."""
    return html.escape(" ".join(_clean(text).split()), quote=False)


def _list(items: Sequence[str]) -> str:
    """A list in HTML; where no line is blank, Markdown looks into none."""
    return "<ul>\n" + "".join(f"<li>{item}</li>\n" for item in items) + "</ul>\n"


def _subject(subject: Subject) -> str:
    return f"<code>{_html(subject.implementation)}</code> {subject.state}: {_html(subject.reason)}"


def _details(title: str, reasons: Sequence[Reason], room: int) -> str:
    """A folded list of ``reasons``, as many as fit into ``room`` bytes."""
    count = sum(len(reason.places) for reason in reasons)
    frame = f"<details><summary>{count} {title}{'s' * (count > 1)}</summary>\n{{}}</details>\n"
    room -= len(frame) + 100
    items: list[str] = []
    for reason in reasons:
        item = _reason(reason)
        room -= len(item.encode()) + len("<li></li>\n")
        if room < 0:
            items.append(f"… and {len(reasons) - len(items)} more reasons, for which there is no room")
            break
        items.append(item)
    return frame.format(_list(items))


def _reason(reason: Reason) -> str:
    verdict = f"<b>{reason.verdict.value}</b> " if reason.verdict.is_failure else ""
    about = f"{verdict}<code>{_html(reason.implementation)}</code> · <code>{reason.case}</code> · {reason.where}"
    return f"{about}<br>{_LINK.sub(_anchor, _html(reason.text))}"


def _anchor(match: re.Match[str]) -> str:
    return f'<a href="{match[0]}">{match[0]}</a>'
