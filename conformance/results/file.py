"""The result file of a run: one JSON object per line. A header, results and causes, and a footer that proves it is complete."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..documents import Schema, parse_json, parse_lines, read_text, to_json
from ..errors import FileError
from .kinds import by_rule, kind_of_result

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from ..diagnosing.cause import Cause
    from .result import Result, Subject


FORMAT = 1
"""Version of the file format; ``schema/result.schema.json`` describes it."""


RECORDS = {name: Schema("result", name) for name in ("header", "implementation", "result", "cause", "footer")}
"""The kinds of records."""


class IncompleteResultsError(FileError):
    """A result file without a footer, or whose footer does not match: the run was cut off."""


def provenance(arguments: dict[str, Any]) -> dict[str, Any]:
    """When, where and by what a file is written; ``arguments`` are what the run was asked for."""
    return {
        "roikit": version("roikit"),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "arguments": arguments,
    }


class ResultFile:
    """Writes a result file while a run goes on."""

    def __init__(self, stream: TextIO, arguments: dict[str, Any]) -> None:
        """Writes the header; ``arguments`` are what the run was asked for."""
        self._stream = stream
        self._results: list[Result] = []
        self._write({"type": "header", "format": FORMAT, **provenance(arguments)})

    def _write(self, record: dict[str, Any]) -> None:
        self._stream.write(to_json(record) + "\n")
        self._stream.flush()

    def add_subject(self, subject: Subject) -> None:
        """Writes what is known of an implementation, before its results."""
        self._write({"type": "implementation", **asdict(subject)})

    def add(self, result: Result) -> None:
        """Writes a result."""
        record = asdict(result)
        judgement = record.pop("judgement")
        self._results.append(result)
        self._write({"type": "result", **record, **judgement, "kind": kind_of_result(result)})

    def add_cause(self, cause: Cause) -> None:
        """Writes why several results of an implementation are what they are, after these."""
        self._write({"type": "cause", **cause._asdict()})

    def close(self) -> None:
        """Writes the footer."""
        verdicts = Counter(result.judgement.verdict.value for result in self._results)
        kinds = Counter(kind_of_result(result).value for result in self._results)
        counts = {"results": len(self._results), "verdicts": verdicts, "kinds": kinds, "rules": by_rule(self._results)}
        self._write({"type": "footer", **counts})


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a result file; raises as `parse` does, and `OSError`."""
    return parse(read_text(path), path)


def parse(text: str, path: Path) -> list[dict[str, Any]]:
    """The records of the text of a result file.

    Raises:
        IncompleteResultsError: the run that wrote it did not reach its end, or somebody changed what it wrote.
        FileError: it is not what a run writes.
    """
    records, complete = parse_partly(text, path)
    if not complete:
        raise IncompleteResultsError("ends before its run did", path)
    return records


def parse_partly(text: str, path: Path) -> tuple[list[dict[str, Any]], bool]:
    """The records of the text of a result file as far as it goes, and whether it is complete.

    Raises:
        FileError: it is not what a run writes.
    """
    lines = text.removesuffix("\n").split("\n")
    cut_off = not text.endswith("\n") and not _is_json(lines[-1])
    records = parse_lines(lines[:-1] if cut_off else lines, path)
    for number, record in enumerate(records, 1):
        _check(record, path, number)
        if (record["type"] == "header") != (number == 1) or (record["type"] == "footer" and number < len(records)):
            raise FileError(f"a {record['type']} has no place here", path, number)
    return records, not cut_off and _is_whole(records)


def _is_json(line: str) -> bool:
    """Whether a line was written to its end."""
    try:
        parse_json(line, "")
    except FileError:
        return False
    return True


def _check(record: Any, path: Path, line: int) -> None:
    kind = record.get("type") if isinstance(record, dict) else None
    if not isinstance(kind, str) or kind not in RECORDS:
        raise FileError(f"the type of a record is {', '.join(RECORDS)}", path, line, "type")
    if kind == "header" and record.get("format") != FORMAT:
        raise FileError(f"has format {record.get('format')}, not {FORMAT}: write it anew", path, line, "format")
    RECORDS[kind].check(record, path, line=line)


def _is_whole(records: list[dict[str, Any]]) -> bool:
    """Whether there is a footer, and it counts what there is."""
    verdicts = Counter(record["verdict"] for record in records if record["type"] == "result")
    footer = records[-1]
    return footer["type"] == "footer" and (footer["verdicts"], footer["results"]) == (verdicts, verdicts.total())
