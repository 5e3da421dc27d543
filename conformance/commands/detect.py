"""What ``roikit conform --detect`` does: reads implementations, names their dialects, compares these with the declared ones."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .. import operators
from ..detection.reading import FORMAT, Reader, Setting
from ..detection.report import Finding, Verdict, document, show
from ..documents import to_json
from ..errors import UsageError
from ..exits import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_NOTHING_RUN
from ..peers.environments import cache_directory
from ..results import deviations
from ..results.file import provenance
from ..running.targets import select_targets, selection
from ..terminal import Console
from ..workers.greeting import describe

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from ..findings import Detection, Readings
    from ..implementation import Capability, Description
    from ..operator import Probes
    from ..results.result import Subject
    from ..running.request import Request, Selection
    from ..workers.process import Target

_FILE_WIDTH = 160  # columns of what is not printed to a terminal

_FOR_CASES = {"patterns": "--select", "edition": "--edition", "junit": "--junit", "markdown": "--markdown"}


@dataclass(frozen=True, slots=True)
class _Read:
    """What a worker said of its implementation, and what was read off it in each setting."""

    target: Target
    subject: Subject
    readings: list[tuple[Setting, Readings]]


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
    about = provenance(json.loads(json.dumps(asdict(request), default=str)))
    with ExitStack() as stack:
        output, pictures = (
            stack.enter_context(path.open("w", encoding="utf-8")) if path else None
            for path in (request.output, footprints)
        )
        read, findings = [], []
        reading = stack.enter_context(closing(_read_all(targets, chosen, request)))
        for each in reading:
            read.append(each)
            findings += [_find(each.target, *one, is_declared=_declares(each.target, request)) for one in each.readings]
        subjects = [each.subject for each in read]
        if output:
            output.write(_text({**about, **document(subjects, findings)}))
        if pictures:
            pictures.write(
                _text({"format": FORMAT, **about, "map": _map_size(), "footprints": list(_footprints(read))})
            )
    show(console, subjects, findings, verbose=request.verbose)
    return _status(subjects, findings)


def _read_all(targets: Sequence[Target], chosen: Selection, request: Request) -> Generator[_Read, None, None]:
    """Reads the targets, several at a time, and yields what was read in their order; an interrupt ends all of them."""
    errors, stop = Console(stderr=True), threading.Event()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with (
        Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress,
        ThreadPoolExecutor(request.jobs) as pool,
    ):
        futures = [pool.submit(_read, target, chosen, request.timeout, progress, stop) for target in targets]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


def _read(target: Target, chosen: Selection, seconds: float, progress: Progress, stop: threading.Event) -> _Read:
    task = progress.add_task(target.name, total=None)
    with closing(Reader(target, seconds, stop)) as reader:
        subject = reader.open()
        if subject.state != "ran":
            progress.update(task, total=0)
            return _Read(target, subject, [])
        description = describe(subject)
        settings = list(_settings(description, target, chosen))
        progress.update(task, total=sum(len(_probes(s).offered(_capability(description, s).modes)) for s in settings))
        readings = [
            (
                setting,
                reader.read(
                    _probes(setting), _capability(description, setting), setting, lambda: progress.advance(task)
                ),
            )
            for setting in settings
        ]
    return _Read(target, subject, readings)


def _probes(setting: Setting) -> Probes:
    probes = operators.get(setting.operator).probes
    assert probes is not None
    return probes


def _capability(description: Description, setting: Setting) -> Capability:
    capability = description.capability(setting.operator)
    assert capability is not None
    return capability


def _map_size() -> tuple[int, int]:
    """The size of the maps that footprints are read on."""
    probes = operators.get(operators.DEFAULT).probes
    assert probes is not None
    return probes.size


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
    probes = _probes(setting)
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


def _footprints(read: Sequence[_Read]) -> Iterator[dict[str, object]]:
    for each in read:
        for setting, readings in each.readings:
            for record in _probes(setting).footprints(readings):
                yield {"implementation": each.target.name, **asdict(setting), **record}


def _text(content: dict[str, Any]) -> str:
    """A JSON document; where environments lie, which error messages give away, is of this machine only."""
    return to_json(content).replace(str(cache_directory()), "…") + "\n"


def _status(subjects: Sequence[Subject], findings: Sequence[Finding]) -> int:
    if any(finding.verdict.is_failure for finding in findings) or any(s.state == "broken" for s in subjects):
        return EXIT_DEVIATES
    return EXIT_CONFORMS if any(f.verdict != Verdict.UNSUPPORTED for f in findings) else EXIT_NOTHING_RUN
