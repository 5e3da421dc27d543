"""The result file of a run: one JSON object per line. A header, the results, and a footer that proves it is complete."""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .kinds import by_rule, kind_of_result

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from .result import Result, Subject


FORMAT = 1
"""Version of the file format; ``schema/result.schema.json`` describes it."""


class IncompleteResultsError(Exception):
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
        self._stream.write(json.dumps(record, allow_nan=False) + "\n")
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

    def close(self) -> None:
        """Writes the footer."""
        verdicts = Counter(result.judgement.verdict.value for result in self._results)
        kinds = Counter(kind_of_result(result).value for result in self._results)
        counts = {"results": len(self._results), "verdicts": verdicts, "kinds": kinds, "rules": by_rule(self._results)}
        self._write({"type": "footer", **counts})


def read(path: Path) -> list[dict[str, Any]]:
    """The records of a result file; raises as `parse` does."""
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path) -> list[dict[str, Any]]:
    """The records of the text of a result file.

    Raises:
        IncompleteResultsError: the run that wrote it did not reach its end, or the file is not what a run writes.
    """
    try:
        records = [json.loads(line) for line in text.splitlines()]
        kinds = [record["type"] for record in records]
        verdicts = Counter(record["verdict"] for record in records if record["type"] == "result")
    except (ValueError, TypeError, KeyError) as error:
        raise IncompleteResultsError(f"{path} has a line that is not a record of a run, or only part of one") from error
    if not records or kinds[-1] != "footer" or records[-1].get("verdicts") != dict(verdicts):
        raise IncompleteResultsError(f"{path} ends before its run did")
    if kinds[0] != "header" or records[0].get("format") != FORMAT:
        raise IncompleteResultsError(f"{path} does not begin with the header of a result file of format {FORMAT}")
    return records
