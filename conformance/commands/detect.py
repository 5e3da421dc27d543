"""What ``roikit conform --detect`` does: reads implementations, names their dialects, compares these with the declared ones."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from .. import operators
from ..detection.file import DetectionFile, FootprintFile
from ..detection.reading import Setting
from ..detection.report import Finding, Verdict, show
from ..errors import UsageError
from ..exits import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_INTERRUPTED, EXIT_NOTHING_RUN, INTERRUPTED, fail
from ..results import deviations
from ..running.targets import select_targets, selection
from ..terminal import Console
from .collecting import progress_on
from .detected import Detected, probes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from ..findings import Detection, Readings
    from ..implementation import Description
    from ..results.result import Subject
    from ..running.request import Request, Selection
    from ..workers.process import Target

_FILE_WIDTH = 160  # columns of what is not printed to a terminal

_FOR_CASES = {"patterns": "--select", "edition": "--edition", "junit": "--junit", "markdown": "--markdown"}


def detect(request: Request, footprints: Path | None) -> int:
    """Finds out, prints and writes what was asked for, and returns the exit status.

    Raises:
        UsageError: it asks for something that does not exist, or that is about golden cases.
    """
    for name, option in _FOR_CASES.items():
        if getattr(request, name):
            raise UsageError(f"{option} is about golden cases, and --detect runs none")
    chosen = selection(request.dtypes, request.layouts, request.dialects, request.operators)
    targets = select_targets(
        request.names, request.callables, request.arrays, chosen.dialects, request.pythons, (), chosen.operators
    )
    console = Console(emoji=False) if Console().is_terminal else Console(emoji=False, width=_FILE_WIDTH)
    progress = progress_on(Console(stderr=True))
    arguments = json.loads(json.dumps(asdict(request), default=str))
    with ExitStack() as stack:

        def create(path: Path | None) -> TextIO | None:
            return stack.enter_context(path.open("w", encoding="utf-8")) if path else None

        output, pictures = create(request.output), create(footprints)
        file = DetectionFile(output, arguments) if output else None
        drawn = FootprintFile(pictures, arguments, _map_size()) if pictures else None
        stack.enter_context(progress)
        detected = Detected(request, console, progress, file, drawn)
        detected.read_all(
            targets,
            lambda description, target: list(_settings(description, target, chosen)),
            lambda target, setting, readings: _find(target, setting, readings, is_declared=_declares(target, request)),
        )
        if not detected.cut_off:
            for each in filter(None, (file, drawn)):
                each.close()
    show(console, detected.subjects, detected.findings, verbose=request.verbose)
    if detected.cut_off:
        count = len(detected.findings)
        console.print(f"incomplete, {detected.cut_off}: {count} detection{'s' * (count != 1)}", highlight=False)
        fail(INTERRUPTED, EXIT_INTERRUPTED)
    return _status(detected.subjects, detected.findings)


def _map_size() -> tuple[int, int]:
    """The size of the maps that footprints are read on."""
    return probes_of(operators.DEFAULT).size


def _settings(description: Description, target: Target, chosen: Selection) -> Iterator[Setting]:
    """Every setting that an implementation can be asked in: all its dialects, in float32 and one layout unless told."""
    for name in chosen.operators or operators.NAMES:
        capability = description.capability(name)
        if capability is None or operators.get(name).probes is None:
            continue
        layouts = [layout for layout in capability.layouts if layout in (chosen.layouts or capability.layouts)]
        wanted = chosen.dtypes or ("float32", *capability.dtypes)
        dtypes = [dtype for dtype in wanted if dtype in capability.dtypes]
        for dialect in target.dialects_of(name, capability.dialects):
            if dialect in (chosen.dialects or (dialect,)) and layouts:
                for dtype in dict.fromkeys(dtypes if chosen.dtypes else dtypes[:1]):
                    yield Setting(operator=name, dialect=dialect, dtype=dtype, layout=layouts[0])


def _declares(target: Target, request: Request) -> bool:
    """Whether the dialect that it is asked for is one that it says it follows; a plain function says nothing by itself."""
    return target.dialects is None or bool(request.dialects)


def _find(target: Target, setting: Setting, readings: Readings, *, is_declared: bool) -> Finding:
    """Decides what was read; what is declared is only looked at afterwards."""
    probes = probes_of(setting.operator)
    detection = probes.detect(readings, setting.dtype)
    of_maps, of_boxes = probes.derivatives(readings, detection.best, setting.dtype)
    finding = Finding(target.name, setting, detection, of_maps, of_boxes, Verdict.UNDECLARED)
    if detection.best is None:
        return finding.judged(Verdict.UNREAD if detection.unexplained else Verdict.UNSUPPORTED)
    if not is_declared:
        return finding
    if setting.dialect in detection.names:
        return finding.judged(Verdict.AGREES)
    known = _known(target.name, setting, detection)
    return finding.judged(Verdict.KNOWN, known) if known else finding.judged(Verdict.DISAGREES)


def _known(name: str, setting: Setting, detection: Detection) -> str:
    """Why it is known that what was detected is not what is declared; nothing if it is not known."""
    about = [d for d in deviations.load(name) if d.is_about(setting.operator, setting.dialect, setting.dtype)]
    everywhere = next((d.reason for d in about if "*" in d.cases), "")
    chosen = {point: choice for d in about for point, choice in d.choices.items()}
    unexplained = [pattern for d in about for pattern in d.probes]
    declared = operators.get(setting.operator).dialects.get(
        setting.dialect
    )  # which a worker of a later version may have made up
    if everywhere or not declared or not detection.fits(replace(declared, **chosen), unexplained):
        return everywhere
    return "; ".join(d.reason for d in about if d.choices or d.probes)


def _status(subjects: Sequence[Subject], findings: Sequence[Finding]) -> int:
    if any(finding.verdict.is_failure for finding in findings) or any(s.state == "broken" for s in subjects):
        return EXIT_DEVIATES
    return EXIT_CONFORMS if any(f.verdict != Verdict.UNSUPPORTED for f in findings) else EXIT_NOTHING_RUN
