"""Tells result files apart and reads them. One that ends before its run did is read as far as it goes, and is incomplete.

Whatever is about an operator names it once it has been read: files that do not are about the one that there was at first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ..conformance.detection import file as detection
from ..conformance.diagnosing.cause import Cause, Untried
from ..conformance.documents import Schema, parse_json, read_text
from ..conformance.errors import FileError
from ..conformance.operators import DEFAULT
from ..conformance.results import file as results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_ENDINGS = (".ndjson", ".ndjson.gz", ".jsonl", ".json", ".json.gz")


class UnknownFileError(FileError, ValueError):
    """A file that is none of those that roikit writes."""


@dataclass(frozen=True, slots=True)
class File:
    """A result file.

    Attributes:
        path: Where it is.
        about: What is said of the whole: when, where and by what it was written.
        complete: Whether the run that wrote it came to its end.
    """

    path: Path
    about: dict[str, Any]
    complete: bool

    @property
    def started(self) -> datetime:
        """When the run began."""
        return datetime.fromisoformat(self.about["started"])


@dataclass(frozen=True, slots=True)
class Run(File):
    """What `roikit conform --output` writes.

    Attributes:
        subjects: The implementations that were asked for.
        results: The rows.
        causes: Why several results are what they are.
    """

    subjects: list[dict[str, Any]]
    results: list[dict[str, Any]]
    causes: list[Cause]


@dataclass(frozen=True, slots=True)
class Detections(File):
    """What `roikit conform --detect --output` writes."""

    subjects: list[dict[str, Any]]
    detections: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Footprints(File):
    """What `roikit conform --footprints` writes; ``map_size`` is (rows, columns)."""

    map_size: tuple[int, int]
    footprints: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Record(File):
    """What `python -m benchmarks.record` writes: the whole document, whose rows all name an operator."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Walkthrough(File):
    """What `roikit explain --output` writes: what was asked, and what implementations returned."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference(File):
    """What `roikit difference --output` writes: two dialects beside each other."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Profiles(File):
    """What `python -m benchmarks.profile --json` writes: what was counted of kernels without a GPU, and predicted."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AsvResult(File):
    """What `asv run` writes for one commit on one machine; ``benchmarks`` describes all benchmarks there are."""

    document: dict[str, Any]
    benchmarks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a report is made of, each kind of file from old to new."""

    runs: list[Run] = field(default_factory=list)
    detections: list[Detections] = field(default_factory=list)
    footprints: list[Footprints] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    walkthroughs: list[Walkthrough] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    profiles: list[Profiles] = field(default_factory=list)
    asv: list[AsvResult] = field(default_factory=list)

    @property
    def files(self) -> list[File]:
        """All of them."""
        others = (*self.records, *self.walkthroughs, *self.differences, *self.profiles, *self.asv)
        return [*self.runs, *self.detections, *self.footprints, *others]


def read_all(paths: Iterable[Path]) -> Inputs:
    """What files hold; of a directory, those files in it that roikit or asv has written.

    Raises:
        UnknownFileError: a file that was named is none of these.
        FileError: one is not as roikit or asv writes it.
        OSError: a file cannot be read.
    """
    inputs = Inputs()
    places: dict[type[File], list[Any]] = {
        Run: inputs.runs, Detections: inputs.detections, Footprints: inputs.footprints,
        Record: inputs.records, Walkthrough: inputs.walkthroughs, Difference: inputs.differences,
        Profiles: inputs.profiles, AsvResult: inputs.asv,
    }  # fmt: skip
    for path in paths:
        for file in _of_directory(path) if path.is_dir() else [read(path)]:
            places[type(file)].append(file)
    for files in places.values():
        files.sort(key=lambda file: file.started)
    return inputs


def _of_directory(directory: Path) -> Iterator[File]:
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.name.endswith(_ENDINGS):
            try:
                yield read(path)
            except UnknownFileError:
                continue  # a directory may hold other things as well


def read(path: Path) -> File:
    """What a file holds; it may be packed by gzip.

    Raises:
        UnknownFileError: it is none of those that roikit writes.
        FileError: it is one of them, but not as roikit writes it.
        OSError: it cannot be read.
    """
    file = _file(path, read_text(path))
    try:
        file.started  # noqa: B018 - which says when
    except ValueError as error:
        raise FileError(str(error), path, field="started") from None
    return file


def _file(path: Path, text: str) -> File:
    if _LINES.match(text):
        return _of_lines(path, text)
    try:
        document = parse_json(text, path)
    except FileError:
        if _OURS.match(text):
            raise
        raise UnknownFileError(_UNKNOWN, path) from None
    for kind in _KINDS:
        if isinstance(document, dict) and kind.fields <= document.keys():
            kind.schema.check(document, path, text=text)
            return kind.file(path, document)
    raise UnknownFileError(_UNKNOWN, path)


def _named(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records, each with its operator."""
    return [{"operator": DEFAULT, **record} for record in records]


def _of_lines(path: Path, text: str) -> File:
    """A file of records; those of golden cases alone do not say what they hold."""
    contents = _CONTENTS.match(text)
    layout = detection.LAYOUTS.get(contents[1]) if contents else None
    records, complete = layout.parse_partly(text, path) if layout else results.parse_partly(text, path)
    if not records:
        raise FileError("ends before its header does", path)
    if not layout:
        return _run(path, records, complete)
    header, found = records[0], {kind: [each for each in records if each["type"] == kind] for kind in layout.kinds}
    if contents and contents[1] == detection.DETECTIONS:
        return Detections(path, header, complete, found["implementation"], _named(found["detection"]))
    return Footprints(path, header, complete, _size_of(header), _named(found["footprint"]))


def _run(path: Path, records: list[dict[str, Any]], complete: bool) -> Run:
    rows = _named(record for record in records if record["type"] == "result")
    subjects = [record for record in records if record["type"] == "implementation"]
    causes = [_cause(record) for record in records if record["type"] == "cause"]
    return Run(path, records[0], complete, subjects, rows, causes)


def _cause(record: dict[str, Any]) -> Cause:
    """A cause; whether all was tried is not known of those that were written before it was written down."""
    given = {"untried": Untried.UNRECORDED.value, "seconds": 0.0, **record}
    return Cause(**{name: given[name] for name in Cause._fields})._replace(cases=tuple(record["cases"]))


def _detections(path: Path, document: dict[str, Any]) -> Detections:
    return Detections(path, document, True, document["implementations"], _named(document["detections"]))


def _footprints(path: Path, document: dict[str, Any]) -> Footprints:
    return Footprints(path, document, True, _size_of(document), _named(document["footprints"]))


def _size_of(about: dict[str, Any]) -> tuple[int, int]:
    """The size of the maps of footprints."""
    rows, columns = about["map"]
    return int(rows), int(columns)


def _record(path: Path, document: dict[str, Any]) -> Record:
    return Record(path, document, document["complete"], {**document, "rows": _named(document["rows"])})


def _walkthrough(path: Path, document: dict[str, Any]) -> Walkthrough:
    return Walkthrough(path, document, True, *_named([document["walkthrough"]]))


def _difference(path: Path, document: dict[str, Any]) -> Difference:
    return Difference(path, document, True, document["difference"])


def _profiles(path: Path, document: dict[str, Any]) -> Profiles:
    about = {"started": document["started"], "roikit": document["versions"]["roikit"], "machine": "counted, no GPU"}
    return Profiles(path, about, True, document)


def _asv(path: Path, document: dict[str, Any]) -> AsvResult:
    """A result of asv, whose directory is beside its description of all benchmarks."""
    described = path.parent.parent / "benchmarks.json"
    benchmarks: dict[str, Any] = {}
    if described.is_file():
        text = read_text(described)
        benchmarks = parse_json(text, described)
        Schema("asv", "benchmarks", _HERE).check(benchmarks, described, text=text)
    columns = document["result_columns"]
    for name, packed in document["results"].items():
        values = dict(zip(columns, packed, strict=False))
        Schema("asv", "values", _HERE).check(values, path, within=("results", name))
    started = datetime.fromtimestamp(document["date"] / 1000, UTC)
    about = {"started": started.isoformat(), "machine": document["params"].get("machine", ""), "arguments": {}}
    return AsvResult(path, about, True, document, benchmarks)


class _Kind(NamedTuple):
    """A kind of document: the fields that tell it apart, its schema, and how it becomes a file."""

    fields: frozenset[str]
    schema: Schema
    file: Callable[[Path, dict[str, Any]], File]


_HERE = "roikit.reports"
_KINDS = (
    _Kind(frozenset({"started", "detections"}), Schema("detection"), _detections),
    _Kind(frozenset({"started", "footprints"}), Schema("footprints"), _footprints),
    _Kind(frozenset({"started", "stages", "rows"}), Schema("record", package=_HERE), _record),
    _Kind(frozenset({"started", "walkthrough"}), Schema("walkthrough"), _walkthrough),
    _Kind(frozenset({"started", "difference"}), Schema("difference"), _difference),
    _Kind(frozenset({"started", "profiles"}), Schema("profiles", package=_HERE), _profiles),
    _Kind(frozenset({"commit_hash", "results", "result_columns"}), Schema("asv", "result", _HERE), _asv),
)
_UNKNOWN = "is no result file: roikit conform, explain and difference, benchmarks.record, benchmarks.profile and asv write some"
_LINES = re.compile(r'\s*\{[^\n]*"type"\s*:\s*"header"')
_CONTENTS = re.compile(r'\s*\{"type": "header", "contents": "(\w+)"')  # the first thing that is said
_OURS = re.compile(r'\s*\{\s*"(format|type|roikit)"')
"""How the text of what roikit writes begins, whole or not."""
