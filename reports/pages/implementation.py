"""An implementation: what it makes of each rule, why, and every case that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...conformance.results.kinds import Kind
from ...conformance.results.titles import titles
from ..calls import in_words
from ..model import golden
from ..results import is_deviating, reasons_for, rows_of, split_link, why, worst_of
from ..scripts import script_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..findings import Finding
    from ..model import Conformance, Implementation, Site
    from ..results import Reason

_MOST_SCRIPTS = 150
"""Cases of an implementation that come with a script: more of the same would only make the page slow."""

_ORDER = list(Kind)


def context(site: Site, implementation: Implementation, findings: Sequence[Finding] = ()) -> dict[str, Any]:
    """What implementation.html is given."""
    detected = {
        found["operator"]
        for file in site.inputs.detections
        for found in file.detections
        if found["implementation"] == implementation.name
    }
    parts = [
        {
            "judged": each,
            "sections": _sections(each),
            "cases": _cases(each, implementation.name),
            "versions": list(reversed(implementation.versions[each.operator])),
            "findings": [finding for finding in findings if finding.judged is each],
        }
        for each in implementation.conformances
    ]
    places = [(each.operator, each.title) for each in implementation.conformances]
    known = golden().keys()
    return {
        "i": implementation, "titles": titles(), "parts": parts, "places": places, "detected": detected, "known": known,
    }  # fmt: skip


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
        "call": in_words(case) if case else "",
        "kind": worst_of(results),
        "results": len(results),
        "rows": rows_of(results),
        "reasons": [split_link(text) for text in texts],
        "script": script,
        "script_missing": missing,
    }


def _command(name: str, implementation: str) -> str:
    return f"there are {_MOST_SCRIPTS} above; roikit reproduce {name} {implementation} prints this one"
