"""Result files as data frames, one row for each thing that was judged, timed or decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..conformance.operators import DEFAULT
from ..conformance.results.file import IncompleteResultsError
from ..conformance.verdict import Verdict
from .files import AsvResult, Detections, Record, Run, UnknownFileError, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from .files import File

RESULT_COLUMNS = {
    "implementation": "name of the implementation",
    "version": "its version, as it says itself",
    "operator": "what was called: roi_align, or another of `roikit list operators`",
    "dialect": "the dialect of the operator that it was judged by",
    "case": "id of the golden case",
    "group": "group of the case",
    "rules": "the rules that the case exercises, with spaces between",
    "operation": "forward, or a gradient: feature_gradient, box_gradient, weight_gradient, offset_gradient",
    "mode": "avg or max; empty if the operator has none",
    "dtype": "data type of the call",
    "layout": "NCHW or NHWC",
    "verdict": "see the README",
    "kind": "follows, differs or wrong; of a known deviation, that of what is known; or unsupported, which says nothing",
    "reason": "why it does not conform",
    "expected": "first element that differs: the number that was due",
    "got": "and the one that came",
    "error_over_bound": "greatest error as a fraction of its bound; missing where results must be equal",
    "seconds": "time of the call as the runner saw it, transfer and judging included",
}
"""Columns of a conformance run, `roikit conform --output`."""

DETECTION_COLUMNS = {
    "implementation": "name of the implementation",
    "version": "its version, as it says itself",
    "operator": "the operator that was read off it",
    "declared": "the dialect that it was asked for",
    "dtype": "data type of the probes",
    "layout": "layout of the probes",
    "verdict": "agrees, disagrees, known, undeclared, unread or unsupported",
    "rule": "the rule of the decision point",
    "point": "the decision point",
    "choice": "what it was seen to choose; more than one, with 'or' between, if that stays open",
    "open": "why it does",
}
"""Columns of detected dialects, `roikit conform --detect --output`: a row for each decision point."""

TIME_COLUMNS = {
    "operator": "what was timed: roi_align, or another",
    "row": "name of the workload",
    "title": "what it is like",
    "operation": "forward, backward, or what else the operator has",
    "place": "cpu or gpu",
    "threads": "threads of a CPU; missing on a GPU",
    "library": "whose it is",
    "layout": "layout of the maps",
    "dtype": "data type of the maps",
    "verdict": "correct, or what is wrong with the result",
    "cache": "hot, cold, queued or call; see reports/schema/record.schema.json",
    "median": "seconds",
    "lower_quartile": "seconds",
    "upper_quartile": "seconds",
    "samples": "how many times it was timed",
    "ns_per_output": "nanoseconds per element of the output",
    "floor_fraction": "floor of the memory traffic as a fraction of the time; missing where the machine's rate was not measured",
    "noise": "greatest difference of our own kernel from itself (A/A), as a fraction",
    "started": "when the record was begun: a timestamp, in UTC",
    "commit": "commit of roikit; ends with + if files had been changed",
    "machine": "GPU, or CPU and how many cores",
}
"""Columns of a record, `python -m benchmarks.record`: a row for each thing that was timed."""

ASV_COLUMNS = {
    "benchmark": "name of the benchmark",
    "parameters": "its parameters, with spaces between",
    "value": "what was measured; missing if it was skipped",
    "unit": "seconds, bytes, or what the benchmark says",
    "commit": "commit of roikit",
    "date": "date of the commit: a timestamp, in UTC",
    "machine": "what asv calls the machine",
}
"""Columns of a result of asv."""


def load(path: str | Path, *, partial: bool = False) -> pd.DataFrame:
    """A result file as a data frame; its columns depend on what wrote the file.

    They are `RESULT_COLUMNS`, `DETECTION_COLUMNS`, `TIME_COLUMNS` or `ASV_COLUMNS`. Of a run that was cut off, what there is
    comes only if it may be ``partial``; ``frame.attrs["complete"]`` then says so.

    Raises:
        IncompleteResultsError: the run that wrote it did not come to its end.
        UnknownFileError: it is none of these files.
        FileError: it is one of them, but not as roikit or asv writes it.
        OSError: it cannot be read.
    """
    file = read(Path(path))
    if not (file.complete or partial):
        raise IncompleteResultsError("ends before its run did; partial=True (--partial) loads what there is", path)
    return frame_of(file)


def frame_of(file: File) -> pd.DataFrame:
    """The data frame of a file that has been read, whole or not."""
    import pandas as pd

    match file:
        case Run():
            rows, columns = _results(file), RESULT_COLUMNS
        case Detections():
            rows, columns = _decisions(file), DETECTION_COLUMNS
        case Record():
            rows, columns = _times(file), TIME_COLUMNS
        case AsvResult():
            rows, columns = _asv(file), ASV_COLUMNS
        case _:
            raise UnknownFileError(
                "is no table: of footprints, walkthroughs and differences a site can be made", file.path
            )
    frame = pd.DataFrame(list(rows), columns=list(columns))
    frame.attrs["complete"] = file.complete
    return frame


OURS = "roikit"
"""What records of benchmarks call our own kernels, and runs our implementation on a CPU."""


def with_operator(operator: str, name: str) -> str:
    """A dialect or a workload with its operator, unless that is the one that is meant where none is named."""
    return name if operator == DEFAULT else f"{operator} · {name}"


_RESTLESS = 0.1  # as benchmarks/record/document.py has it, which is not installed


def is_calm(row: Mapping[str, Any]) -> bool:
    """Whether a row of a record can be believed: our own kernel agrees with itself, and nobody kept the cores busy."""
    return row["control"]["spread"] <= _RESTLESS and (row.get("others") or 0) <= _RESTLESS


def like_for_like(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ratios of a row, ours ÷ a peer's, that count: of the same layout and data type, both results being right."""
    return [r for r in row["ratios"] if r["valid"] and r["ours"] == " ".join(r["peer"].split()[-2:])]


def versions_of(subjects: list[dict[str, Any]]) -> dict[str, str]:
    """The versions of implementations, as they say themselves; empty for those that did not run."""
    return {subject["implementation"]: (subject["description"] or {}).get("version", "") for subject in subjects}


def _results(run: Run) -> Iterator[dict[str, Any]]:
    versions = versions_of(run.subjects)
    for result in run.results:
        difference = result["difference"] or {}
        yield {
            **result,
            "kind": result["verdict"] if result["verdict"] == Verdict.UNSUPPORTED else result["kind"],
            "version": versions.get(result["implementation"], ""),
            "rules": " ".join(result["rules"]),
            "expected": difference.get("expected"),
            "got": difference.get("got"),
        }


def _decisions(file: Detections) -> Iterator[dict[str, Any]]:
    versions = versions_of(file.subjects)
    for found in file.detections:
        for decision in found["decisions"]:
            yield {
                **found,
                **decision,
                "version": versions.get(found["implementation"], ""),
                "declared": found["dialect"],
                "choice": " or ".join("none" if choice is None else str(choice) for choice in decision["left"]),
            }


def machine_of(document: Mapping[str, Any]) -> str:
    """What a record was measured on."""
    machine = document["machine"]
    gpus = ", ".join(gpu.get("name", "GPU") for gpu in machine["gpus"])
    return gpus or f"{machine['cpu']}, {machine['cores']} cores"


def commit_of(document: Mapping[str, Any]) -> str:
    """The commit of a record."""
    source = document["source"]
    return f"{(source['commit'] or 'unknown')[:10]}{'+' if source['dirty'] else ''}"


def _moment(file: File) -> pd.Timestamp:
    """When a file was begun, or of what moment it is."""
    import pandas as pd

    return pd.Timestamp(file.started).tz_convert("UTC")


def _times(file: Record) -> Iterator[dict[str, Any]]:
    document = file.document
    about = {
        "started": _moment(file),
        "commit": commit_of(document),
        "machine": machine_of(document),
    }
    for row in document["rows"]:
        for entry in row["entries"]:
            for cache, summary in entry["times"].items():
                yield {
                    **about, **row, **entry, **summary,
                    "operation": row.get("operation", "forward"),
                    "cache": cache,
                    "ns_per_output": entry["ns_per_output"].get(cache),
                    "floor_fraction": entry.get("floor_fraction", {}).get(cache),
                    "noise": row["control"]["spread"],
                }  # fmt: skip


def _asv(file: AsvResult) -> Iterator[dict[str, Any]]:
    import itertools

    document = file.document
    about = {
        "commit": document["commit_hash"],
        "date": _moment(file),
        "machine": file.about["machine"],
    }
    for name, packed in document["results"].items():
        values = dict(zip(document["result_columns"], packed, strict=False))
        unit = file.benchmarks.get(name, {}).get("unit", "")
        combinations = itertools.product(*values["params"] or [])
        for parameters, value in zip(combinations, values["result"] or [], strict=False):
            text = " ".join(parameter.strip("'\"") for parameter in parameters)
            yield {**about, "benchmark": name, "parameters": text, "value": value, "unit": unit}
