"""An implementation: what it makes of each rule, why, and every case that says so."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from ...conformance.arrays import box_rows
from ...conformance.cases.case import load_cases
from ...conformance.errors import UsageError
from ...conformance.results.kinds import Kind
from ...conformance.scripts.reproduce import script_of
from ..model import reasons_for, rules, split_link, why, worst_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...conformance.cases.case import Case
    from ..model import Implementation, Site

_MOST_SCRIPTS = 150
"""Cases of an implementation that come with a script: more of the same would only make the page slow."""

_ORDER = list(Kind)


def context(site: Site, implementation: Implementation) -> dict[str, Any]:
    """Returns what implementation.html is given."""
    deviating = [result for results in implementation.deviating.values() for result in results]
    sections = [
        (rule, kinds, reasons_for(result for result in deviating if rule in result["rules"]))
        for rule, kinds in implementation.by_rule.items()
    ]
    detected = any(
        found["implementation"] == implementation.name for file in site.inputs.detections for found in file.detections
    )
    return {
        "i": implementation,
        "titles": rules(),
        "sections": sections,
        "cases": _cases(implementation),
        "detected": detected,
    }


@cache
def golden() -> Mapping[str, Case]:
    """Returns the golden cases by id."""
    return {case.id: case for case in load_cases()}


def _cases(implementation: Implementation) -> list[dict[str, Any]]:
    """Returns what is shown of the cases that are not as they should be, the worst first."""
    found = sorted(implementation.deviating.items(), key=lambda item: _ORDER.index(worst_of(item[1])), reverse=True)
    return [_case(implementation, name, results, n < _MOST_SCRIPTS) for n, (name, results) in enumerate(found)]


def _case(
    implementation: Implementation, name: str, results: Sequence[dict[str, Any]], scripted: bool
) -> dict[str, Any]:
    case = golden().get(name)
    script, missing = (
        _script(case, implementation.name, results[0]) if scripted else ("", _command(name, implementation))
    )
    texts = dict.fromkeys(text for result in results for text in filter(None, why(result)))
    return {
        "id": name,
        "title": case.title if case else "",
        "call": _call(case) if case else "",
        "kind": worst_of(results),
        "results": len(results),
        "rows": _rows(results),
        "reasons": [split_link(text) for text in texts],
        "script": script,
        "script_missing": missing,
    }


def _rows(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Returns results, those with the same numbers in one row."""
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for result in results:
        difference = result["difference"] or {}
        error = result["error_over_bound"]
        key = (
            result["dialect"], _verdict(result), result["kind"], ", ".join(map(str, difference.get("index", []))),
            _number(difference.get("expected")), _number(difference.get("got")), "" if error is None else f"{error:.3g}",
        )  # fmt: skip
        places[key].append(f"{result['dtype']} {result['layout']}")
    fields = ("dialect", "verdict", "kind", "index", "expected", "got", "error")
    return [{**dict(zip(fields, key, strict=True)), "places": ", ".join(where)} for key, where in places.items()]


def _verdict(result: Mapping[str, Any]) -> str:
    """Returns the verdict; of a known deviation, what it would be if it were not listed."""
    return f"{result['listed']}, known" if result["listed"] else str(result["verdict"])


def _number(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.9g}"


def _call(case: Case) -> str:
    """Returns a call in words."""
    arguments = case.arguments
    shape = " × ".join(map(str, arguments["input"]["shape"]))
    rows = [", ".join(f"{corner:g}" for corner in row[1:]) for row in box_rows(arguments["boxes"])[:3].tolist()]
    more = len(arguments["boxes"]) - len(rows)
    rois = "; ".join(f"({row})" for row in rows) + (f" and {more} more" if more > 0 else "")
    samples = " × ".join(str(ratio or "adaptive") for ratio in arguments["sampling_ratio"])
    bins = " × ".join(map(str, arguments["output_size"]))
    scale = ", ".join(f"{float(scale):g}" for scale in dict.fromkeys(arguments["spatial_scale"]))
    return f"{case.operation}, {case.mode}: map {shape}; RoI {rois or 'none'}; {bins} bins; {samples} samples; scale {scale}"


def _script(case: Case | None, implementation: str, result: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the script of `roikit reproduce`, or why there is none."""
    if case is None:
        return "", "it is no golden case"
    try:
        return script_of(case, implementation, result["dialect"], result["dtype"]), ""
    except UsageError as reason:
        return "", str(reason)


def _command(name: str, implementation: Implementation) -> str:
    return f"there are {_MOST_SCRIPTS} above; roikit reproduce {name} {implementation.name} prints this one"
