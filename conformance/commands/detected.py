"""What was read off implementations so far: told while it goes on, written as it comes, kept if it is cut off."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import groupby
from typing import TYPE_CHECKING

from rich.markup import escape

from .. import operators
from ..detection.reading import Reader
from ..exits import INTERRUPTED
from ..workers.greeting import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import Progress, TaskID

    from ..detection.file import DetectionFile, FootprintFile
    from ..detection.reading import Setting
    from ..detection.report import Finding
    from ..findings import Readings
    from ..implementation import Capability, Description
    from ..operator import Probes
    from ..results.result import Subject
    from ..running.request import Request
    from ..terminal import Console
    from ..workers.process import Target

    Asked = tuple[Probes, Capability, Setting]
    Settings = Callable[[Description, Target], Sequence[Setting]]
    Decide = Callable[[Target, Setting, Readings], Finding]


def probes_of(operator: str) -> Probes:
    """How an operator is read off, of one that can be."""
    probes = operators.get(operator).probes
    assert probes is not None
    return probes


class Detected:
    """Collects what is found out, in several threads, and tells how far they are."""

    def __init__(
        self,
        request: Request,
        console: Console,
        progress: Progress,
        file: DetectionFile | None,
        footprints: FootprintFile | None,
    ) -> None:
        """Remembers what is asked for, what to print on, and the files that are written."""
        self.cut_off = ""
        self._request, self._console, self._progress = request, console, progress
        self._file, self._footprints = file, footprints
        self._order: list[str] = []
        self._subjects: list[Subject] = []
        self._findings: list[Finding] = []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._started = time.monotonic()
        self._done: Counter[str] = Counter()
        self._planned: dict[str, int] = {}

    @property
    def subjects(self) -> list[Subject]:
        """What implementations said of themselves, in the order in which they were asked for."""
        return sorted(self._subjects, key=lambda each: self._order.index(each.implementation))

    @property
    def findings(self) -> list[Finding]:
        """What was found out, in that order."""
        return sorted(self._findings, key=lambda each: self._order.index(each.implementation))

    def read_all(self, targets: Sequence[Target], settings: Settings, decide: Decide) -> None:
        """Reads the targets, several at a time; an interrupt ends all of them after the call that they are making."""
        self._order = [target.name for target in targets]
        with ThreadPoolExecutor(self._request.jobs) as pool:
            futures = [pool.submit(self._read, target, settings, decide) for target in targets]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                self.cut_off = INTERRUPTED
                self._stop.set()
            except BaseException:
                self._stop.set()
                raise

    def _read(self, target: Target, settings: Settings, decide: Decide) -> None:
        """Reads a target, operator by operator."""
        if self._stop.is_set():
            return
        with self._lock:
            task = self._progress.add_task(escape(target.name), total=None)
        with closing(Reader(target, self._request.timeout, self._stop)) as reader:
            subject = reader.open()
            if self._stop.is_set():
                return
            asked = settings(describe(subject), target) if subject.state == "ran" else ()
            self._begin(subject, [_asked(subject, setting) for setting in asked], task)
            for operator, several in groupby(asked, key=lambda setting: setting.operator):
                started = time.monotonic()
                found: list[Finding] = []
                for setting in several:
                    readings = reader.read(*_asked(subject, setting), lambda: self._advance(target.name, task))
                    if self._stop.is_set():  # which leaves probes unasked
                        return
                    found.append(decide(target, setting, readings))
                    self._tell(found[-1], readings)
                self._say_ended(subject, operator, found, time.monotonic() - started)
        self._end(target.name, task)

    def _begin(self, subject: Subject, asked: Sequence[Asked], task: TaskID) -> None:
        planned = sum(len(probes.offered(capability.modes)) for probes, capability, _ in asked)
        with self._lock:
            self._subjects.append(subject)
            self._planned[subject.implementation] = planned
            if self._file:
                self._file.add_subject(subject)
            self._progress.update(task, total=planned)

    def _advance(self, name: str, task: TaskID) -> None:
        with self._lock:
            self._done[name] += 1
            self._progress.advance(task)

    def _tell(self, finding: Finding, readings: Readings) -> None:
        setting = finding.setting
        with self._lock:
            self._findings.append(finding)
            if self._file:
                self._file.add(finding)
            if self._footprints:
                footprints = probes_of(setting.operator).footprints(readings)
                self._footprints.add(finding.implementation, setting, footprints)

    def _say_ended(self, subject: Subject, operator: str, found: Sequence[Finding], seconds: float) -> None:
        """Prints how an operator of an implementation came out, and how much is left."""
        verdicts = Counter(finding.verdict for finding in found)
        mark = "[bold red]✗[/]" if any(verdict.is_failure for verdict in verdicts) else "[green]✓[/]"
        version = (subject.description or {}).get("version", "")
        said = ", ".join(
            f"{verdict} ({count} dialects)" if count > 1 else verdict for verdict, count in verdicts.items()
        )
        text = escape(f"{subject.implementation} {version}".rstrip() + f" · {operator}: {said}")
        with self._lock:
            self._console.print(
                f"{mark} {text} [dim]({seconds:.1f} s{self._left()})[/]", highlight=False, soft_wrap=True, emoji=False
            )

    def _left(self) -> str:
        """How long all of it may still take: what has been asked is a share of each implementation's probes."""
        shares = (min(1.0, self._done[name] / planned) if planned else 1.0 for name, planned in self._planned.items())
        done, elapsed = sum(shares), time.monotonic() - self._started
        left = elapsed * (len(self._order) - done) / done if done else 0.0
        return f"; about {in_time(left)} left" if done < len(self._order) else ""

    def _end(self, name: str, task: TaskID) -> None:
        with self._lock:
            self._done[name] = self._planned[name]
            self._progress.remove_task(task)


def in_time(seconds: float) -> str:
    """A time in words, to one unit."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.0f} h"


def _asked(subject: Subject, setting: Setting) -> Asked:
    """What a setting is about: how it is read off, what the implementation can do, and the setting."""
    capability = describe(subject).capability(setting.operator)
    assert capability is not None
    return probes_of(setting.operator), capability, setting
