"""An implementation: what it makes of each rule, why, and every case that says so."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ...conformance import operators
from ...conformance.arrays import box_rows
from ...conformance.results.kinds import Kind
from ..model import golden, is_deviating, reasons_for, split_link, titles, why, worst_of
from ..scripts import script_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...conformance.call import Call
    from ...conformance.cases.case import Case
    from ..model import Conformance, Implementation, Reason, Site

_MOST_SCRIPTS = 150
"""Cases of an implementation that come with a script: more of the same would only make the page slow."""

_MOST_BOXES = 3
"""Boxes of a call that are written out."""

_ORDER = list(Kind)


def context(site: Site, implementation: Implementation) -> dict[str, Any]:
    """What implementation.html is given."""
    detected = {
        found["operator"]
        for file in site.inputs.detections
        for found in file.detections
        if found["implementation"] == implementation.name
    }
    parts = [
        {"judged": each, "sections": _sections(each), "cases": _cases(each, implementation.name)}
        for each in implementation.conformances
    ]
    places = [(each.operator, each.title) for each in implementation.conformances]
    return {"i": implementation, "titles": titles(), "parts": parts, "places": places, "detected": detected}


def _sections(judged: Conformance) -> list[tuple[str, Mapping[Kind, int], list[Reason]]]:
    """For each rule how many results are of each kind, and why some are not as they should be."""
    deviating = [(result, rules) for result, rules in judged.counted if is_deviating(result)]
    return [
        (rule, kinds, reasons_for(result for result, rules in deviating if rule in rules))
        for rule, kinds in judged.by_rule.items()
    ]


def _cases(judged: Conformance, implementation: str) -> list[dict[str, Any]]:
    """What is shown of the cases that are not as they should be, the worst first."""
    found = sorted(judged.deviating.items(), key=lambda item: _ORDER.index(worst_of(item[1])), reverse=True)
    return [_case(implementation, name, results, n < _MOST_SCRIPTS) for n, (name, results) in enumerate(found)]


def _case(implementation: str, name: str, results: Sequence[dict[str, Any]], scripted: bool) -> dict[str, Any]:
    case = golden().get(name)
    script, missing = script_for(case, implementation, results[0]) if scripted else ("", _command(name, implementation))
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
    """Results, those with the same numbers in one row."""
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
    """The verdict; of a known deviation, what it would be if it were not listed."""
    return f"{result['listed']}, known" if result["listed"] else str(result["verdict"])


def _number(value: float | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:.9g}"


def _call(case: Case) -> str:
    """A call in words: ``"forward, max: input 1 × 2 × 5 × 6; boxes (0, 0, 3, 3); output size 2 × 2; spatial scale 1"``."""
    kind = operators.call_type(case.operator)
    parts = [
        f"{name.replace('_', ' ')} {_argument(name, value, kind)}"
        for name, value in case.arguments.items()
        if name != "mode"
    ]
    return f"{', '.join(filter(None, (case.operation, case.mode)))}: {'; '.join(parts)}"


def _argument(name: str, value: Any, kind: type[Call]) -> str:
    """An argument of a case in words: of maps their shape, of boxes the first few, without their images."""
    if isinstance(value, dict):
        return " × ".join(map(str, value["shape"]))
    if name in kind.coordinates:
        rows = [", ".join(f"{number:g}" for number in row[1:]) for row in box_rows(value)[:_MOST_BOXES].tolist()]
        more = f" and {len(value) - len(rows)} more" if len(value) > len(rows) else ""
        return "; ".join(f"({row})" for row in rows) + more or "none"
    if name in kind.sizes:
        return " × ".join(map(str, value))
    return ", ".join(f"{number:g}" for number in dict.fromkeys(value)) if isinstance(value, list) else f"{value:g}"


def _command(name: str, implementation: str) -> str:
    return f"there are {_MOST_SCRIPTS} above; roikit reproduce {name} {implementation} prints this one"
