"""The files of detections and of footprints, written while implementations are read.

Those of format 1 were a single document, written at the end; `roikit.reports` reads them still.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from ..records import Layout, Writer, provenance
from .report import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from ..results.result import Subject
    from .reading import Setting
    from .report import Finding

FORMAT = 2
"""Version of both formats: ``schema/detection.schema.json`` and ``schema/footprints.schema.json`` describe them."""

DETECTIONS, FOOTPRINTS = "detections", "footprints"
"""What a file holds, as its header says."""


def _counts(records: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> dict[str, Any]:
    found = Counter(record["type"] for record in records)
    return {f"{kind}s": found[kind] for kind in kinds}


def _layout(schema: str, *kinds: str) -> Layout:
    return Layout(schema, ("header", *kinds, "footer"), FORMAT, partial(_counts, kinds=kinds))


LAYOUTS: Mapping[str, Layout] = {
    DETECTIONS: _layout("detection", "implementation", "detection"),
    FOOTPRINTS: _layout("footprints", "footprint"),
}
"""What the lines of each kind of file are."""


class _File:
    """Writes a file, and counts its records. Where environments lie, which error messages give away, it leaves out."""

    def __init__(self, stream: TextIO, contents: str, arguments: dict[str, Any], **more: Any) -> None:
        """Writes the header; ``arguments`` are what the run was asked for."""
        from ..peers.environments import cache_directory  # where reports read files, nothing that runs is loaded

        self._writer, self._contents = Writer(stream, private=str(cache_directory())), contents
        self._kinds: list[dict[str, str]] = []
        self._writer.write("header", {"contents": contents, "format": FORMAT, **provenance(arguments), **more})

    def _add(self, kind: str, content: dict[str, Any]) -> None:
        self._kinds.append({"type": kind})
        self._writer.write(kind, content)

    def close(self) -> None:
        """Writes the footer."""
        self._writer.write("footer", LAYOUTS[self._contents].counts(self._kinds))


class DetectionFile(_File):
    """The file of what was found out."""

    def __init__(self, stream: TextIO, arguments: dict[str, Any]) -> None:
        """Writes the header; ``arguments`` are what the run was asked for."""
        super().__init__(stream, DETECTIONS, arguments)

    def add_subject(self, subject: Subject) -> None:
        """Writes what is known of an implementation, before what was found out about it."""
        self._add("implementation", asdict(subject))

    def add(self, finding: Finding) -> None:
        """Writes what was found out about an implementation in one setting."""
        self._add("detection", record_of(finding))


class FootprintFile(_File):
    """The file of the footprints that were read."""

    def __init__(self, stream: TextIO, arguments: dict[str, Any], size: tuple[int, int]) -> None:
        """Writes the header; ``size`` is that of all maps, (rows, columns)."""
        super().__init__(stream, FOOTPRINTS, arguments, map=size)

    def add(self, implementation: str, setting: Setting, footprints: Iterable[dict[str, Any]]) -> None:
        """Writes what was read of an implementation in one setting."""
        for footprint in footprints:
            self._add("footprint", {"implementation": implementation, **asdict(setting), **footprint})
