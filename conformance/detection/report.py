"""Prints what was detected, decision by decision, and makes a record of it (``schema/detection.schema.json``)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from .. import operators
from ..findings import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..findings import Choice, Decision, Derivative, Detection, Oddity, RuledOut
    from ..results.result import Subject
    from ..terminal import Console
    from .reading import Setting

_MOST_TABLES = 8  # that are printed without --verbose
_NAMES_SHOWN = 3
_REASON_WIDTH = 120


class Verdict(StrEnum):
    """How what was detected goes with what was declared."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    KNOWN = "known"
    """Disagrees, and the list of known deviations says so of all cases."""
    UNDECLARED = "undeclared"
    """Nothing was declared."""
    UNREAD = "unread"
    """Nothing could be read: every call failed, or fits no dialect."""
    UNSUPPORTED = "unsupported"
    """It offers none of the calls."""

    @property
    def is_failure(self) -> bool:
        """Whether it makes a run fail."""
        return self in (Verdict.DISAGREES, Verdict.UNREAD)


_COLOURS = {Verdict.AGREES: "green", Verdict.KNOWN: "yellow", Verdict.DISAGREES: "bold red", Verdict.UNREAD: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one implementation in one setting, whose dialect is the declared one, and the verdict on it."""

    implementation: str
    setting: Setting
    detection: Detection
    derivative: Derivative
    box_derivative: Derivative
    verdict: Verdict
    known: str = ""

    def judged(self, verdict: Verdict, known: str = "") -> Finding:
        """The finding with a verdict; ``known`` is the reason of a known deviation."""
        return replace(self, verdict=verdict, known=known)

    @property
    def nearest(self) -> str | None:
        """The named dialect that is nearest, called as it is declared if that means the same."""
        declared, nearest = self.setting.dialect, self.detection.nearest
        dialects = operators.get(self.setting.operator).dialects
        return declared if nearest and dialects.get(declared) == dialects[nearest] else nearest

    @property
    def rules(self) -> Mapping[str, str]:
        """The rule of each decision point."""
        probes = operators.get(self.setting.operator).probes
        assert probes is not None
        return probes.points

    @property
    def title(self) -> str:
        """The implementation and how it was asked."""
        setting = self.setting
        return f"{self.implementation} · {dialect_label(setting)} · {setting.dtype} {setting.layout}"


def dialect_label(setting: Setting) -> str:
    """A dialect with its operator, unless that is RoIAlign."""
    return setting.dialect if setting.operator == operators.DEFAULT else f"{setting.operator} · {setting.dialect}"


def show(console: Console, subjects: Sequence[Subject], findings: Sequence[Finding], *, verbose: bool) -> None:
    """Prints a table of decisions for each finding, unless there are many and all is well, and one of all findings."""
    versions = {s.implementation: s.description["version"] for s in subjects if s.description}
    for finding in findings:
        if verbose or len(findings) <= _MOST_TABLES or finding.verdict.is_failure:
            _show_finding(console, finding, versions[finding.implementation])
    if len(findings) > 1:
        _show_all(console, findings)
    for subject in subjects:
        if subject.state != "ran":
            colour = "dim" if subject.state == "absent" else "bold red"
            text = escape(f"{subject.implementation}: {subject.state}: {subject.reason}")
            console.print(f"[{colour}]{text}[/]", highlight=False, soft_wrap=True)
    if not findings:
        console.print("[bold red]nothing was run[/]")


def _show_finding(console: Console, finding: Finding, version: str) -> None:
    console.print(f"[bold]{escape(finding.title)}[/]  [dim]{escape(version)}[/]", highlight=False, soft_wrap=True)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("rule", "decision point", "choice", "evidence"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "evidence")
    for decision in finding.detection.decisions:
        table.add_row(
            finding.rules[decision.point], decision.point, choices_of(decision), escape(evidence_of(decision))
        )
    if finding.detection.decisions:
        console.print(table, highlight=False)
    for line in _lines(finding):
        console.print(line, highlight=False, soft_wrap=True)
    console.print()


def choices_of(decision: Decision) -> str:
    """The choices that remain, in words."""
    return " or ".join(map(text_of, decision.left)) or "–"


def evidence_of(decision: Decision) -> str:
    """What rules the other choices out, by probe; and why several remain."""
    by_probe: dict[str, list[str]] = {}
    for each in decision.ruled_out:
        by_probe.setdefault(each.probe, []).append(text_of(each.choice))
    parts = [f"{probe}: not {', '.join(choices)}" for probe, choices in by_probe.items()]
    return "; ".join([*parts, *filter(None, [_short(decision.open)])])


def text_of(choice: Choice) -> str:
    """A choice in words."""
    if choice is None:
        return "none"
    return str(choice) if isinstance(choice, str) else f"{choice:g}"


def name_of(finding: Finding) -> str:
    """The dialect that was detected: its name, with others of the same meaning, or the nearest name."""
    detection = finding.detection
    if detection.names:
        declared = finding.setting.dialect
        names = sorted(detection.names, key=lambda name: name != declared)
        more = len(names) - _NAMES_SHOWN - 1
        same = names[1:] if more <= 1 else [*names[1 : _NAMES_SHOWN + 1], f"{more} more"]
        return names[0] + (f" (= {', '.join(same)})" if same else "")
    if detection.nearest is None:
        return "none: nothing could be read"
    differences = ", ".join(f"{point} {text_of(choice)}" for point, choice in detection.differences)
    found = {decision.point: choices_of(decision) for decision in detection.decisions}
    instead = ", ".join(f"{point} {found[point]}" for point, _ in detection.differences)
    but = f"{instead} instead of {differences}" if instead else "for what no dialect explains"
    return f"none: nearest {finding.nearest}, but {but}"


def backward_of(derivative: Derivative) -> str:
    """What is known of a backward, in a few words."""
    if not derivative.compared:
        return "not read" if derivative.failures else "not offered"
    if not derivative.differences:
        return f"the derivative of forward ({derivative.compared} probes)"
    wrong = f"NOT the derivative of forward ({len(derivative.differences)} of {derivative.compared} probes)"
    if not derivative.instead:
        return wrong
    choices = ", ".join(f"{point} {text_of(choice)}" for point, choice in derivative.instead)
    names = f", as in {', '.join(derivative.names[:_NAMES_SHOWN])}" if derivative.names else ""
    return f"{wrong}, but that with {choices}{names}"


def _lines(finding: Finding) -> Iterator[str]:
    detection, derivative, boxes = finding.detection, finding.derivative, finding.box_derivative
    yield f"named dialect: [bold]{escape(name_of(finding))}[/]"
    yield f"backward: {escape(backward_of(derivative))}"
    yield from _oddities("", (*derivative.differences, *derivative.failures))
    yield f"gradient for boxes: {escape(backward_of(boxes))}"
    yield from _oddities("", (*boxes.differences, *boxes.failures))
    yield from _oddities("no dialect explains:", detection.unexplained)
    yield from _not_offered(detection.unsupported)
    if finding.verdict != Verdict.UNDECLARED:
        known = f" ({escape(finding.known)})" if finding.known else ""
        yield f"declared {finding.setting.dialect}: {_coloured(finding.verdict)}{known}"


def _oddities(title: str, oddities: Iterable[Oddity]) -> Iterator[str]:
    rows = [f"    {escape(odd.probe)} – {escape(_short(odd.reason))}" for odd in oddities]
    if rows and title:
        yield title
    yield from rows


def _not_offered(oddities: Iterable[Oddity]) -> Iterator[str]:
    """A line for each reason, however many probes have it."""
    by_reason: dict[str, list[str]] = {}
    for odd in oddities:
        by_reason.setdefault(odd.reason, []).append(odd.probe)
    if by_reason:
        yield "not offered:"
    for reason, (first, *others) in by_reason.items():
        probes = f"{first} and {len(others)} more" if others else first
        yield f"    {escape(probes)} – {escape(_short(reason))}"


def _short(text: str) -> str:
    return text if len(text) <= _REASON_WIDTH else f"{text[: _REASON_WIDTH - 1]}…"


def _coloured(verdict: Verdict) -> str:
    colour = _COLOURS.get(verdict, "dim")
    return f"[{colour}]{verdict}[/]"


def _show_all(console: Console, findings: Sequence[Finding]) -> None:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("implementation", "asked for", "detected", "backward", "for boxes", "unexplained", "verdict"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "unexplained" else "left")
    for finding in findings:
        setting = finding.setting
        asked = dialect_label(setting) + ("" if setting.dtype == "float32" else f" {setting.dtype}")
        gradients = backward_of(finding.derivative), backward_of(finding.box_derivative)
        cells = finding.implementation, asked, name_of(finding), *gradients
        unexplained = len(finding.detection.unexplained)
        table.add_row(*map(escape, cells), str(unexplained or ""), _coloured(finding.verdict))
    console.print(table, highlight=False)


def record_of(finding: Finding) -> dict[str, Any]:
    """A finding for a file."""
    detection, derivative, boxes = finding.detection, finding.derivative, finding.box_derivative
    return {
        "implementation": finding.implementation,
        **asdict(finding.setting),
        "verdict": finding.verdict,
        "known": finding.known,
        "names": list(detection.names),
        "nearest": finding.nearest,
        "differences": _pairs(detection.differences),
        "decisions": [
            {
                "point": decision.point,
                "rule": finding.rules[decision.point],
                "left": [_json(choice) for choice in decision.left],
                "ruled_out": [_ruled_out(each) for each in decision.ruled_out],
                "open": decision.open,
            }
            for decision in detection.decisions
        ],
        "unexplained": _odd(detection.unexplained),
        "unsupported": _odd(detection.unsupported),
        "backward": {
            "compared": derivative.compared,
            "differences": _odd(derivative.differences),
            "failures": _odd(derivative.failures),
            "instead": _pairs(derivative.instead),
            "names": list(derivative.names),
        },
        "box_gradient": {
            "compared": boxes.compared,
            "differences": _odd(boxes.differences),
            "failures": _odd(boxes.failures),
        },
    }


def _ruled_out(each: RuledOut) -> dict[str, Any]:
    where, got, predicted = each.difference
    return {
        "choice": _json(each.choice),
        "probe": each.probe,
        "where": where,
        "got": number(got),
        "predicted": number(predicted),
    }


def _pairs(pairs: Iterable[tuple[str, Choice]]) -> list[dict[str, Any]]:
    return [{"point": point, "choice": _json(choice)} for point, choice in pairs]


def _odd(oddities: Iterable[Oddity]) -> list[dict[str, str]]:
    return [asdict(oddity) for oddity in oddities]


def _json(choice: Choice) -> str | float | None:
    if isinstance(choice, float) and math.isinf(choice):
        return "-inf"
    return choice if choice is None or isinstance(choice, float) else str(choice)
