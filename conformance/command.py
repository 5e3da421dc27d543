"""What ``roikit conform`` does: run, show progress, print the table, write the files."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import deviations, environments, exports, presentation
from .case import load_cases
from .cli import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_NOTHING_RUN
from .judge import Verdict
from .results import Result, ResultFile, Subject, has_failure
from .runner import Listener, Selection, run
from .selection import of_edition, select_cases, select_targets, selection
from .summary import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .case import Case
    from .process import Target


_FILE_WIDTH = 200  # columns of what is not printed to a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed."""

    names: Sequence[str]
    callables: Sequence[str]
    arrays: str
    dialects: Sequence[str]
    patterns: Sequence[str]
    edition: str | None
    dtypes: Sequence[str]
    layouts: Sequence[str]
    output: Path | None
    junit: Path | None
    markdown: Path | None
    pythons: Sequence[str]
    timeout: float
    jobs: int
    verbose: bool


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
        known = deviations.load(target.name, load_cases())
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
            judged = deviations.apply(result, known)
            with self._lock:
                self.results.append(judged)
                if self._file:
                    self._file.add(judged)
                self._progress.advance(task)

        listener = Listener(on_subject, on_result, self._stop)
        run(target, cases, chosen, request.timeout, listener, request.jobs)


def _with_advice(subject: Subject) -> Subject:
    """Returns ``subject``; if it is absent, with what would make an environment for it."""
    environment = environments.of_implementation(subject.implementation)
    if subject.state != "absent" or environment is None:
        return subject
    return replace(subject, reason=f"{subject.reason}; or: roikit peers install {environment.name}")


def _selection_for(target: Target, request: Request) -> Selection:
    is_callable = target.dialects is not None
    dtypes = request.dtypes or (["float32"] if is_callable else [])
    return selection(dtypes, request.layouts, request.dialects)


def conform(request: Request) -> int:
    """Runs the request and returns the exit status.

    Raises:
        UsageError: it asks for something that does not exist.
    """
    chosen = selection(request.dtypes, request.layouts, request.dialects)
    cases = select_cases(of_edition(load_cases(), request.edition), request.patterns)
    targets = select_targets(request.names, request.callables, request.arrays, chosen.dialects, request.pythons)
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
        wanted = ((request.junit, exports.junit), (request.markdown, exports.markdown))
        files = [(stack.enter_context(path.open("w", encoding="utf-8")), text) for path, text in wanted if path]
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
        for stream, text in files:
            stream.write(text(summary))
    presentation.show(console, summary, verbose=request.verbose)
    return _status(collected)


def _status(collected: _Run) -> int:
    if has_failure(collected.results) or any(subject.state == "broken" for subject in collected.subjects):
        return EXIT_DEVIATES
    ran = any(result.judgement.verdict != Verdict.UNSUPPORTED for result in collected.results)
    return EXIT_CONFORMS if ran else EXIT_NOTHING_RUN
