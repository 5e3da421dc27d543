"""Computes what golden cases expect, from the exact oracle, and which cases exercise a rule, for the specification.

``python -m roikit.conformance.golden FOLDER`` rewrites ``cases/*.json`` and ``SPECIFICATION.md`` in FOLDER (``conformance``);
with ``--check`` it only says whether they are as it would write them. Whatever else stands in them is written by hand and stays.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.dialect import DIALECTS
from .case import DTYPES, box_rows, feature_map, numpy_dtype
from .certificate import exact_dtypes
from .oracle import Exact, roi_align
from .tolerance import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .oracle import Result

_RULE, _CITATION = "\n## ", "Cases: "
_BOUNDED = ("float32", "float64")
_KEPT = ("id", "title", "rules", "claims", "kind", "memory", "invalid_rois", "stages", "arguments")


def _result(arguments: Mapping[str, Any], dialect: str, dtype: str) -> Result:
    """Returns the exact result for the numbers that an implementation is handed in a call of ``dtype``."""
    coordinates = np.float64 if dtype == "float64" else np.float32
    return roi_align(
        feature_map(arguments["input"]).astype(numpy_dtype(dtype)).astype(np.float64),
        box_rows(arguments["boxes"]).astype(coordinates),
        tuple(arguments["output_size"]),
        tuple(arguments["spatial_scale"]),
        tuple(arguments["sampling_ratio"]),
        arguments["mode"],
        DIALECTS[dialect],
    )


def _number(value: Exact | None) -> int | float | str:
    if value is None:  # an invalid RoI
        return "nan"
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value.value


def _bound(bound: float, fragile: bool) -> float | None:
    return None if fragile else float(f"{bound * 1.01:.2e}")


def _nested(function: Callable[..., Any], *arrays: np.ndarray) -> Any:
    """Returns ``function`` of each element of ``arrays``, as nested lists."""
    values: Any = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return values.tolist()


def _expectation(arguments: Mapping[str, Any], dialect: str, dtype: str, *, exact: bool) -> dict[str, Any]:
    result = _result(arguments, dialect, dtype)
    expected: dict[str, Any] = {"output": _nested(_number, result.values)}
    if not exact:
        limits = bounds(result, dtype)
        expected["bound"] = _nested(_bound, limits.bound, limits.fragile)
    return expected


def expected(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns what a call must return: an entry for each set of dialects and data types with the same answer.

    Data types in which a dialect's result is exact are compared bit for bit. In the others of float32 and float64 there is a
    bound; 16-bit types are left out where they are not exact.
    """
    answers: dict[str, dict[str, list[str]]] = {}
    for dialect in DIALECTS:
        exact = exact_dtypes(arguments, DIALECTS[dialect])
        for dtype in DTYPES:
            if dtype in exact or dtype in _BOUNDED:
                answer = json.dumps(_expectation(arguments, dialect, dtype, exact=dtype in exact))
                answers.setdefault(answer, {}).setdefault(dialect, []).append(dtype)
    entries = []
    for answer, by_dialect in answers.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for dialect, dtypes in by_dialect.items():
            groups.setdefault(tuple(dtypes), []).append(dialect)
        entries += [{"dialects": names, "dtypes": list(d), **json.loads(answer)} for d, names in groups.items()]
    return entries


def complete(case: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a case with its computed parts."""
    entries = expected(case["arguments"])
    used = {dtype for entry in entries for dtype in entry["dtypes"]}
    kept = {key: case[key] for key in _KEPT if key in case}
    return {**kept, "dtypes": [dtype for dtype in DTYPES if dtype in used], "expected": entries}


def render(document: Mapping[str, Any]) -> str:
    """Returns a case file as text: one line for each row of numbers, so that changes can be read."""

    def lines(value: Any, indent: str) -> str:
        flat = json.dumps(value, ensure_ascii=False)
        if not isinstance(value, (dict, list)) or len(indent + flat) <= 110 or _is_row(value):
            return flat
        inner = indent + " "
        if isinstance(value, dict):
            parts = [f"{inner}{json.dumps(key)}: {lines(item, inner)}" for key, item in value.items()]
            return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
        return "[\n" + ",\n".join(inner + lines(item, inner) for item in value) + f"\n{indent}]"

    return lines(document, "") + "\n"


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)


def regenerate(text: str) -> str:
    """Returns a case file with its computed parts computed anew."""
    document = json.loads(text)
    return render({**document, "cases": [complete(case) for case in document["cases"]]})


def cite(specification: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """Returns the specification with, at the end of each rule, the groups and ids of the cases that exercise it."""
    by_rule: dict[str, dict[str, list[str]]] = {}
    for document in documents:
        for case in document["cases"]:
            for rule in case["rules"]:
                by_rule.setdefault(rule, {}).setdefault(document["group"], []).append(case["id"])

    def cited(section: str) -> str:
        rule = section.partition(" ")[0]
        if rule not in by_rule:
            return section
        text = section.partition(_CITATION)[0].rstrip()
        groups = "; ".join(f"*{group}* {', '.join(ids)}" for group, ids in by_rule[rule].items())
        return f"{text}\n\n{_CITATION}{textwrap.fill(groups, 125, break_on_hyphens=False)}\n"

    head, *sections = specification.split(_RULE)
    return _RULE.join([head, *map(cited, sections)]).rstrip() + "\n"


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds SPECIFICATION.md and cases/")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("cases/*.json"))
    fresh = {path: regenerate(path.read_text(encoding="utf-8")) for path in files}
    specification = arguments.folder / "SPECIFICATION.md"
    documents = [json.loads(text) for text in fresh.values()]
    fresh[specification] = cite(specification.read_text(encoding="utf-8"), documents)
    stale = []
    for path, new in fresh.items():
        if new != path.read_text(encoding="utf-8"):
            stale.append(path.name)
            if not arguments.check:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'stale' if arguments.check else 'rewritten'}: {', '.join(stale)}")  # noqa: T201
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
