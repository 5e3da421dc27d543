"""The result file of a run: one JSON object per line. A header, results and causes, and a footer that proves it is complete."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..documents import read_text
from ..errors import FileError
from ..records import Layout, Writer, provenance
from .kinds import by_rule, kind_of_result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

    from ..diagnosing.cause import Cause
    from .result import Result, Subject


FORMAT = 1
"""Version of the file format; ``schema/result.schema.json`` describes it."""


class IncompleteResultsError(FileError):
    """A result file without a footer, or whose footer does not match: the run was cut off."""


def _counts(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    verdicts = Counter(record["verdict"] for record in records if record["type"] == "result")
    return {"results": verdicts.total(), "verdicts": verdicts}


_LAYOUT = Layout("result", ("header", "implementation", "result", "cause", "footer"), FORMAT, _counts)


class ResultFile:
    """Writes a result file while a run goes on."""

    def __init__(self, stream: TextIO, arguments: dict[str, Any]) -> None:
        """Writes the header; ``arguments`` are what the run was asked for."""
        self._results: list[Result] = []
        self._write = Writer(stream).write
        self._write("header", {"format": FORMAT, **provenance(arguments)})

    def add_subject(self, subject: Subject) -> None:
        """Writes what is known of an implementation, before its results."""
        self._write("implementation", asdict(subject))

    def add(self, result: Result) -> None:
        """Writes a result."""
        record = asdict(result)
        judgement = record.pop("judgement")
        self._results.append(result)
        self._write("result", {**record, **judgement, "kind": kind_of_result(result)})

    def add_cause(self, cause: Cause) -> None:
        """Writes why several results of an implementation are what they are, after these."""
        self._write("cause", cause._asdict())

    def close(self) -> None:
        """Writes the footer."""
        verdicts = Counter(result.judgement.verdict.value for result in self._results)
        kinds = Counter(kind_of_result(result).value for result in self._results)
        counts = {"results": len(self._results), "verdicts": verdicts, "kinds": kinds, "rules": by_rule(self._results)}
        self._write("footer", counts)


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
    return _LAYOUT.parse_partly(text, path)
