"""What ``roikit conform`` does: run, print what it came to, write the files."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..cases import quick
from ..cases.case import up_to
from ..cases.selection import of_edition, read_cases, select_cases
from ..errors import UsageError
from ..exits import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_INTERRUPTED, EXIT_NOTHING_RUN, INTERRUPTED, fail
from ..results import github
from ..results import junit_markdown as exports
from ..results.badge import badge
from ..results.file import ResultFile
from ..results.gates import choose, compare, failing, fails, read_baseline
from ..results.summary import Summary
from ..running.targets import operators_of, select_targets, selection
from ..terminal import Console
from ..verdict import Verdict
from . import presentation
from .collecting import Collected, progress_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    from ..cases.case import Case
    from ..running.request import Request
    from ..workers.process import Target


_FILE_WIDTH = 200  # columns of what is not printed to a terminal


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
    progress = progress_on(Console(stderr=True))
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
        collected = Collected(request, console, progress, file)
        collected.judge_all(targets, cases)
        if file and not collected.cut_off:
            file.close()
        order = [target.name for target in targets]
        summary = Summary.of(
            started, order, collected.subjects, collected.results, cases, collected.causes, collected.cut_off
        )
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
    if request.quick:
        presentation.show_tier(console, summary, cases)
    presentation.show_gates(console, gates, stopped, comparison)
    if request.github or (request.github is None and github.is_here()):
        github.report(summary, stopped)
    if collected.cut_off == INTERRUPTED:
        fail(INTERRUPTED, EXIT_INTERRUPTED)
    if fails(stopped, summary.subjects):
        return EXIT_DEVIATES
    ran = any(result.judgement.verdict != Verdict.UNSUPPORTED for result in summary.results)
    return EXIT_CONFORMS if ran else EXIT_NOTHING_RUN


def _asked_for(request: Request) -> tuple[Sequence[Case], list[Target]]:
    """The cases and the implementations that a request is about."""
    chosen = selection(request.dtypes, request.layouts, request.dialects, request.operators)
    targets = select_targets(
        request.names,
        request.callables,
        request.arrays,
        chosen.dialects,
        request.pythons,
        request.workers,
        chosen.operators,
    )
    names = operators_of(targets, chosen)
    everything = up_to(request.size, of_edition(read_cases(request.cases, names), request.edition))
    if request.quick:
        everything = quick.cases_of(everything)
    asked = [case for case in everything if not chosen.operators or case.operator in chosen.operators]
    cases = select_cases(asked, request.patterns)
    if request.deviations and len(targets) > 1:
        raise UsageError(f"--deviations is the list of one implementation, and these are {len(targets)}")
    return cases, targets
