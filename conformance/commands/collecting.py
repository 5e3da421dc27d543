"""What a run has come to so far: told by its workers, shown while it goes on, kept if it is cut off."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..cases.golden import golden_ids
from ..exits import INTERRUPTED
from ..implementation import in_order_of_start
from ..peers import environments
from ..results import deviations
from ..results.known_deviations import KnownDeviations
from ..results.summary import counted
from ..running.evidence import Evidence
from ..running.runner import Listener, run
from ..running.targets import selection
from ..verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case
    from ..diagnosing.cause import Cause
    from ..results.file import ResultFile
    from ..results.result import Result, Subject
    from ..running.request import Request, Selection
    from ..terminal import Console
    from ..workers.process import Target
    from ..workers.session import Plan


class Collected:
    """Collects what the workers of a run report, from several threads, and shows how far they are."""

    def __init__(self, request: Request, console: Console, progress: Progress, file: ResultFile | None) -> None:
        """Remembers what is asked for, what to print on, and the file of results, if one is written."""
        self.subjects: list[Subject] = []
        self.results: list[Result] = []
        self.causes: list[Cause] = []
        self.cut_off = ""
        self._request, self._console, self._progress, self._file = request, console, progress, file
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def judge_all(self, targets: Sequence[Target], cases: Sequence[Case]) -> None:
        """Judges the targets, several at a time; an interrupt ends all of them after the call that they are making."""
        by_name = {target.name: target for target in targets}
        ordered = [by_name[name] for name in in_order_of_start(by_name)]
        with ThreadPoolExecutor(self._request.jobs) as pool:
            futures = [pool.submit(self._judge, target, cases, alone=len(targets) == 1) for target in ordered]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                self._end(INTERRUPTED)
            except BaseException:
                self._end("failed")
                raise

    def _judge(self, target: Target, cases: Sequence[Case], *, alone: bool) -> None:
        """Judges a target, and prints how it ended unless it is the only one."""
        if self._stop.is_set():
            return
        chosen = _selection_for(target, self._request)
        known, started = _known(target, cases, self._request), time.monotonic()
        evidence = Evidence(target.name, self._request.diagnose_seconds)
        with self._lock:
            task = self._progress.add_task(escape(target.name), total=None)

        def on_subject(subject: Subject, calls: int) -> None:
            subject = _with_advice(subject)
            with self._lock:
                self.subjects.append(subject)
                if self._file:
                    self._file.add_subject(subject)
                self._progress.update(task, total=calls)

        def on_result(result: Result) -> None:
            with self._lock:
                self._tell(known.judge(result))
                self._progress.advance(task)

        def is_listed(made: Plan) -> bool:
            case, dialect, dtype, _ = made
            return known.lists(case.operator, case.id, dialect, dtype)

        listener, all_came = Listener(on_subject, on_result, self._stop, evidence.add, is_listed), False
        try:
            run(target, cases, chosen, self._request.timeout, listener, self._request.jobs, once=self._request.once)
            all_came = not (chosen.quick or _asks_for_less(target, self._request) or self._stop.is_set())
        finally:
            with self._lock:
                self._tell(known.close(all_came=all_came))
                self._progress.update(task, description=f"{escape(target.name)}: why?")
                failed = {_key(r) for r in self.results if r.implementation == target.name and self._is_asked_why(r)}
            if not self._stop.is_set() and self._request.diagnose is not False:
                self._tell_why(evidence.causes(failed))
            with self._lock:
                self._progress.remove_task(task)
                if not alone:
                    self._say_ended(target.name, time.monotonic() - started)

    def _tell(self, judged: Sequence[Result]) -> None:
        for result in judged:
            self.results.append(result)
            if self._file:
                self._file.add(result)
            if self._request.fail_fast and result.judgement.verdict.is_failure:
                self._end("stopped at the first failure")

    def _tell_why(self, causes: Sequence[Cause]) -> None:
        with self._lock:
            for cause in causes:
                self.causes.append(cause)
                if self._file:
                    self._file.add_cause(cause)

    def _is_asked_why(self, result: Result) -> bool:
        """Whether it is to be found out why: of a failure, or, if that is asked for, of a known deviation, too."""
        verdict = result.judgement.verdict
        return verdict.is_failure or (self._request.diagnose is True and verdict == Verdict.KNOWN)

    def _end(self, why: str) -> None:
        """Lets no more calls be made, for this reason unless there has been one before."""
        self.cut_off = self.cut_off or why
        self._stop.set()

    def _say_ended(self, name: str, seconds: float) -> None:
        subject = next((each for each in self.subjects if each.implementation == name), None)
        if subject is None or subject.state != "ran":
            return  # the end of the run says why
        verdicts = Counter(result.judgement.verdict for result in self.results if result.implementation == name)
        is_bad = any(verdict.is_failure for verdict in verdicts)
        mark = "[bold red]✗[/]" if is_bad else "[green]✓[/]"
        version = (subject.description or {}).get("version", "")
        said = f"{escape(f'{name} {version}'.rstrip())}: {counted(verdicts) or 'nothing was run'}"
        self._console.print(f"{mark} {said} [dim]({seconds:.1f} s)[/]", highlight=False, soft_wrap=True, emoji=False)


def _key(result: Result) -> tuple[str, ...]:
    return result.case, result.dialect, result.dtype, result.layout


def progress_on(console: Console) -> Progress:
    """Bars for implementations that are being judged, with the time that is left, where a console is a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _known(target: Target, cases: Sequence[Case], request: Request) -> KnownDeviations:
    """What is known of an implementation, before its cases are run."""
    given, run = request.deviations, [case.id for case in cases]
    listed = deviations.read(given, golden_ids().union(run)) if given else deviations.load(target.name)
    return KnownDeviations(listed, run, golden_ids() if listed else ())


def _with_advice(subject: Subject) -> Subject:
    """``subject``; if it is absent, with what would make an environment for it."""
    environment = environments.of_implementation(subject.implementation)
    if subject.state != "absent" or environment is None:
        return subject
    return replace(subject, reason=f"{subject.reason}; or: roikit peers install {environment.name}")


def _asks_for_less(target: Target, request: Request) -> bool:
    """Whether there are calls of an implementation that are not asked for."""
    return bool(request.dtypes or request.layouts or request.dialects) and target.dialects is None


def _selection_for(target: Target, request: Request) -> Selection:
    is_callable = target.dialects is not None
    dtypes = request.dtypes or (["float32"] if is_callable else [])
    return selection(dtypes, request.layouts, request.dialects, request.operators, quick=request.quick)
