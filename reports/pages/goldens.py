"""The golden cases of each operator, and the certificate that they notice faults."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from ...conformance import operators
from ...conformance.results.titles import of_operator as rules
from ..model import golden, operator_title, slug
from .case import certificate

_LIMIT = re.compile(r"^\* (.+)$", re.MULTILINE)


def address(operator: str) -> str:
    """The file of the page of an operator."""
    return f"goldens/{slug(operator)}.html"


def context() -> dict[str, Any]:
    """What goldens.html is given: of each operator how much there is, and where."""
    return {"operators": [_summary(operator) for operator in operators.NAMES]}


def _summary(operator: str) -> dict[str, Any]:
    certified = certificate(operator)
    return {
        "title": operator_title(operator),
        "file": address(operator),
        "cases": sum(case.operator == operator for case in golden().values()),
        "faults": len(certified["faults"]) if certified else None,
        "dialects": operators.get(operator).main_dialects,
        "rules": len(rules(operator)),
    }


def operator_context(operator: str) -> dict[str, Any]:
    """What golden.html is given of an operator."""
    cases = [case for case in golden().values() if case.operator == operator]
    certified = certificate(operator)
    groups: dict[str, list[Any]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    return {
        "title": operator_title(operator),
        "operator": operator,
        "certificate": certified,
        "faults": [_fault(name, bits, certified) for name, bits in certified["faults"].items()] if certified else [],
        "limits": _limits(operator) if certified else [],
        "groups": dict(groups),
        "covered": {rule: sum(rule in case.rules for case in cases) for rule in rules(operator)},
        "titles": rules(operator),
    }


def _fault(name: str, bits: str, certificate: dict[str, Any]) -> dict[str, Any]:
    """How many cases notice a fault under each dialect, and the first few."""
    masks = bytes.fromhex(bits)
    counts = [sum(mask >> d & 1 for mask in masks) for d in range(len(certificate["dialects"]))]
    noticing = [case for case, mask in zip(certificate["cases"], masks, strict=True) if mask]
    return {"name": name, "counts": counts, "fewest": min(filter(None, counts), default=0), "instances": noticing[:3]}


def _limits(operator: str) -> list[str]:
    """What the certificate says of where a fault cannot show."""
    text = operators.folder(operator).joinpath("ADEQUACY.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("## Where a fault cannot show")
    return _LIMIT.findall(rest.partition("\n## ")[0])
