"""Tells result files apart and reads them. One that ends before its run did is read as far as it goes, and is incomplete.

Whatever is about an operator names it once it has been read: files that do not are about the one that there was at first.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..conformance.operators import DEFAULT
from ..conformance.results import file as results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ENDINGS = (".ndjson", ".ndjson.gz", ".jsonl", ".json", ".json.gz")


class UnknownFileError(ValueError):
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
    """What `roikit conform --output` writes: ``subjects`` are the implementations that were asked for, ``results`` the rows."""

    subjects: list[dict[str, Any]]
    results: list[dict[str, Any]]


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
    asv: list[AsvResult] = field(default_factory=list)

    @property
    def files(self) -> list[File]:
        """All of them."""
        return [*self.runs, *self.detections, *self.footprints, *self.records, *self.walkthroughs, *self.asv]


def read_all(paths: Iterable[Path]) -> Inputs:
    """What files hold; of a directory, those files in it that roikit or asv has written.

    Raises:
        UnknownFileError: a file that was named is none of these.
        OSError: a file cannot be read.
    """
    inputs = Inputs()
    places: dict[type[File], list[Any]] = {
        Run: inputs.runs, Detections: inputs.detections, Footprints: inputs.footprints,
        Record: inputs.records, Walkthrough: inputs.walkthroughs, AsvResult: inputs.asv,
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
        OSError: it cannot be read.
    """
    text = _text(path)
    first = _parsed(text.partition("\n")[0])
    if isinstance(first, dict) and first.get("type") == "header":
        return _run(path, text, first)
    document = _parsed(text)
    if isinstance(document, dict):
        if "started" in document:
            return _of_document(path, document)
        if {"commit_hash", "results", "result_columns"} <= document.keys():
            return _asv(path, document)
    raise UnknownFileError(
        f"{path} is no result file: roikit conform, roikit explain, benchmarks.record and asv write some"
    )


def _text(path: Path) -> str:
    """The text of a file, which may be packed by gzip."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    except (EOFError, ValueError) as error:
        raise UnknownFileError(f"{path} is no text, packed or not: {error}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _named(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records, each with its operator."""
    return [{"operator": DEFAULT, **record} for record in records]


def _of_document(path: Path, document: dict[str, Any]) -> File:
    if "detections" in document:
        return Detections(path, document, True, document["implementations"], _named(document["detections"]))
    if "footprints" in document:
        rows, columns = document["map"]
        return Footprints(path, document, True, (rows, columns), _named(document["footprints"]))
    if "stages" in document and "rows" in document:
        return Record(path, document, document["complete"], {**document, "rows": _named(document["rows"])})
    if "walkthrough" in document:
        return Walkthrough(path, document, True, *_named([document["walkthrough"]]))
    raise UnknownFileError(f"{path} has a date, but nothing that a report could be made of")


def _run(path: Path, text: str, header: dict[str, Any]) -> Run:
    if header.get("format") != results.FORMAT:
        raise UnknownFileError(f"{path} has format {header.get('format')}, not {results.FORMAT}: write it anew")
    complete = True
    try:
        records = results.parse(text, path)
    except results.IncompleteResultsError:
        complete = False
        records = [record for record in map(_parsed, text.splitlines()) if isinstance(record, dict)]
    rows = _named(record for record in records if record.get("type") == "result")
    subjects = [record for record in records if record.get("type") == "implementation"]
    return Run(path, header, complete, subjects, rows)


def _asv(path: Path, document: dict[str, Any]) -> AsvResult:
    """A result of asv, whose directory is beside its description of all benchmarks."""
    described = path.parent.parent / "benchmarks.json"
    benchmarks = json.loads(described.read_text(encoding="utf-8")) if described.is_file() else {}
    started = datetime.fromtimestamp(document["date"] / 1000).astimezone()
    about = {"started": started.isoformat(), "machine": document["params"].get("machine", ""), "arguments": {}}
    return AsvResult(path, about, True, document, benchmarks)
