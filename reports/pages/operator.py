"""An operator: who does what its dialect says, by which rules, what is wrong with whom, and where to look for more."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...conformance import operators
from ...conformance.results.kinds import Kind
from ...conformance.results.titles import of_operator as rules
from ...conformance.results.titles import titles
from ..model import golden, operator_title, slug

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..findings import Finding
    from ..model import Site

_DOES = re.compile(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", re.MULTILINE)


def address(operator: str) -> str:
    """The file of the page of an operator."""
    return f"operators/{slug(operator)}.html"


@cache
def _does() -> Mapping[str, str]:
    """What each operator does, as the specification says."""
    return dict(_DOES.findall(files("roikit.conformance").joinpath("SPECIFICATION.md").read_text(encoding="utf-8")))


def context(site: Site, operator: str, findings: Sequence[Finding]) -> dict[str, Any]:
    """What operator.html is given."""
    judged = [(i, i.judged[operator]) for i in site.implementations if operator in i.judged]
    mine = [finding for finding in findings if finding.judged.operator == operator]
    known = operators.get(operator)
    return {
        **summary(site, operator),
        "judged": [(i, each, _change(i.versions[operator])) for i, each in judged],
        "findings": Counter(finding.implementation.name for finding in mine),
        "worst": mine[:_MOST_FINDINGS],
        "rules": rules(operator),
        "titles": titles(),
        "dialects": [*known.dialects],
        "has_dialects": any(
            found["operator"] == operator for file in site.inputs.detections for found in file.detections
        ),
        "swaps": [file.document for file in site.inputs.differences if file.document["operator"] == operator],
        "is_timed": any(row["operator"] == operator for r in site.inputs.records for row in r.document["rows"]),
    }


_MOST_FINDINGS = 5


def _change(versions: Sequence[Any]) -> Any:
    """What changed in the newest version; None if there was no other."""
    return versions[-1].change


def summary(site: Site, operator: str) -> dict[str, Any]:
    """An operator in a few words and numbers."""
    kinds = Counter(i.judged[operator].kind for i in site.implementations if operator in i.judged)
    return {
        "name": operator,
        "title": operator_title(operator),
        "file": address(operator),
        "does": _does().get(operator, ""),
        "cases": sum(case.operator == operator for case in golden().values()),
        "kinds": {kind.value: kinds[kind] for kind in reversed(Kind) if kinds[kind]},
        "implementations": kinds.total(),
    }
