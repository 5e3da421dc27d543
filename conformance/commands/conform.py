"""What ``roikit conform`` does: run, show progress, print the table, write the files."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..cases.case import load_cases, up_to
from ..cases.selection import of_edition, read_cases, select_cases
from ..errors import UsageError
from ..exits import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_NOTHING_RUN
from ..peers import environments
from ..results import deviations, github
from ..results import junit_markdown as exports
from ..results.badge import badge
from ..results.file import ResultFile
from ..results.gates import choose, compare, failing, fails, read_baseline
from ..results.known_deviations import KnownDeviations
from ..results.summary import Summary
from ..running.runner import Listener, run
from ..running.targets import select_targets, selection
from ..terminal import Console
from ..verdict import Verdict
from . import presentation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from ..cases.case import Case
    from ..results.result import Result, Subject
    from ..running.request import Request, Selection
    from ..workers.process import Target


_FILE_WIDTH = 200  # columns of what is not printed to a terminal


class _Run:
    """Collects what the workers of a run report, from several threads."""

    def __init__(self, progress: Progress, file: ResultFile | None) -> None:
        self.subjects: list[Subject] = []
        self.results: list[Result] = []
        self._progress, self._file = progress, file
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def judge_all(self, targets: Sequence[Target], cases: Sequence[Case], request: Request) -> None:
        """Judges the targets, several at a time; an interrupt ends all of them after the call that they are making."""
        with ThreadPoolExecutor(request.jobs) as pool:
            futures = [
                pool.submit(self.judge, target, cases, _selection_for(target, request), request) for target in targets
            ]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._stop.set()
                for future in futures:
                    future.cancel()
                raise

    def judge(self, target: Target, cases: Sequence[Case], chosen: Selection, request: Request) -> None:
        known = _known(target, cases, request)
        with self._lock:
            task = self._progress.add_task(target.name, total=None)

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

        listener, all_came = Listener(on_subject, on_result, self._stop), False
        try:
            run(target, cases, chosen, request.timeout, listener, request.jobs, once=request.once)
            asked_for_less = bool(request.dtypes or request.layouts or request.dialects) and target.dialects is None
            all_came = not (asked_for_less or self._stop.is_set())
        finally:
            with self._lock:
                self._tell(known.close(all_came=all_came))

    def _tell(self, judged: Sequence[Result]) -> None:
        for result in judged:
            self.results.append(result)
            if self._file:
                self._file.add(result)


def _known(target: Target, cases: Sequence[Case], request: Request) -> KnownDeviations:
    """What is known of an implementation, before its cases are run."""
    everything = (*load_cases(), *cases) if request.cases else load_cases()
    given = request.deviations
    listed = deviations.read(given, everything) if given else deviations.load(target.name, everything)
    return KnownDeviations(listed, cases, everything)


def _with_advice(subject: Subject) -> Subject:
    """``subject``; if it is absent, with what would make an environment for it."""
    environment = environments.of_implementation(subject.implementation)
    if subject.state != "absent" or environment is None:
        return subject
    return replace(subject, reason=f"{subject.reason}; or: roikit peers install {environment.name}")


def _selection_for(target: Target, request: Request) -> Selection:
    is_callable = target.dialects is not None
    dtypes = request.dtypes or (["float32"] if is_callable else [])
    return selection(dtypes, request.layouts, request.dialects, request.operators)


def conform(request: Request) -> int:
    """Runs the request and returns the exit status.

    Raises:
        UsageError: it asks for something that does not exist.
        IncompleteResultsError: the baseline is no whole result file.
    """
    cases, targets = _asked_for(request)
    gates = choose(request.fail_on, has_baseline=request.baseline is not None)
    baseline = read_baseline(request.baseline) if request.baseline else None
    console = Console(emoji=False) if Console().is_terminal else Console(emoji=False, width=_FILE_WIDTH)
    errors = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
    started = datetime.now(UTC)
    with ExitStack() as stack:

        def create(path: Path | None) -> TextIO | None:
            return stack.enter_context(path.open("w", encoding="utf-8")) if path else None

        files = [create(path) for path in (request.junit, request.markdown, request.badge)]
        file = None
        if request.output:
            arguments = json.loads(json.dumps(asdict(request), default=str))
            file = ResultFile(stack.enter_context(request.output.open("w", encoding="utf-8")), arguments)
        stack.enter_context(progress)
        collected = _Run(progress, file)
        collected.judge_all(targets, cases, request)
        if file:
            file.close()
        order = [target.name for target in targets]
        summary = Summary.of(started, order, collected.subjects, collected.results, cases)
        comparison = compare(summary.results, baseline) if baseline is not None else None
        stopped = failing(summary.results, gates, comparison)
        edition = max((case.edition for case in cases), default="")
        texts: tuple[Callable[[Summary], str], ...] = (
            exports.junit,
            exports.markdown,
            lambda summary: badge(summary, edition, len(stopped)),
        )
        for stream, text in zip(files, texts, strict=True):
            if stream:
                stream.write(text(summary))
    presentation.show(console, summary, verbose=request.verbose)
    presentation.show_gates(console, gates, stopped, comparison)
    if request.github or (request.github is None and github.is_here()):
        github.report(summary, stopped)
    if fails(stopped, summary.subjects):
        return EXIT_DEVIATES
    ran = any(result.judgement.verdict != Verdict.UNSUPPORTED for result in summary.results)
    return EXIT_CONFORMS if ran else EXIT_NOTHING_RUN


def _asked_for(request: Request) -> tuple[Sequence[Case], list[Target]]:
    """The cases and the implementations that a request is about."""
    chosen = selection(request.dtypes, request.layouts, request.dialects, request.operators)
    everything = up_to(request.size, of_edition(read_cases(request.cases), request.edition))
    asked = [case for case in everything if not chosen.operators or case.operator in chosen.operators]
    cases = select_cases(asked, request.patterns)
    targets = select_targets(
        request.names,
        request.callables,
        request.arrays,
        chosen.dialects,
        request.pythons,
        request.workers,
        chosen.operators,
    )
    if request.deviations and len(targets) > 1:
        raise UsageError(f"--deviations is the list of one implementation, and these are {len(targets)}")
    return cases, targets
