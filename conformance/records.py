"""Files that are written while a run goes on, a JSON object per line: a header, records as they come, and a footer.

The footer says what there is of everything, which proves that the file is complete. Without it the run was cut off.
"""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .documents import Schema, parse_json, parse_lines, to_json
from .errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TextIO

    Record = dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines of a kind of file are.

    Attributes:
        schema: The name of the schema, which has a part for each kind of record.
        kinds: The types of records.
        version: Of the format.
        counts: What the footer says, as far as it proves that nothing is missing.
    """

    schema: str
    kinds: tuple[str, ...]
    version: int
    counts: Callable[[Sequence[Record]], Record]

    def parse_partly(self, text: str, path: Path) -> tuple[list[Record], bool]:
        """The records of the text of a file as far as it goes, and whether it is complete.

        Raises:
            FileError: it is not what a run writes.
        """
        lines = text.removesuffix("\n").split("\n")
        cut_off = not text.endswith("\n") and not _is_json(lines[-1])
        records = parse_lines(lines[:-1] if cut_off else lines, path)
        for number, record in enumerate(records, 1):
            self._check(record, path, number)
            if (record["type"] == "header") != (number == 1) or (record["type"] == "footer" and number < len(records)):
                raise FileError(f"a {record['type']} has no place here", path, number)
        return records, not cut_off and self._is_whole(records)

    def _check(self, record: Any, path: Path, line: int) -> None:
        kind = record.get("type") if isinstance(record, dict) else None
        if not isinstance(kind, str) or kind not in self.kinds:
            raise FileError(f"the type of a record is {', '.join(self.kinds)}", path, line, "type")
        if kind == "header" and record.get("format") != self.version:
            raise FileError(
                f"has format {record.get('format')}, not {self.version}: write it anew", path, line, "format"
            )
        Schema(self.schema, kind).check(record, path, line=line)

    def _is_whole(self, records: Sequence[Record]) -> bool:
        """Whether there is a footer, and it counts what there is."""
        *others, footer = records
        return footer["type"] == "footer" and self.counts(others).items() <= footer.items()


def _is_json(line: str) -> bool:
    """Whether a line was written to its end."""
    try:
        parse_json(line, "")
    except FileError:
        return False
    return True


class Writer:
    """Writes records to a stream, each at once."""

    def __init__(self, stream: TextIO, private: str = "") -> None:
        """Writes nothing yet; ``private`` is what no record may say."""
        self._stream, self._private = stream, private

    def write(self, kind: str, content: Record) -> None:
        """Writes a record of this type."""
        text = to_json({"type": kind, **content})
        self._stream.write((text.replace(self._private, "…") if self._private else text) + "\n")
        self._stream.flush()
