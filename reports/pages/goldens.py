"""The golden cases, and the certificate that they notice faults."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from importlib.resources import files
from typing import Any

from ..model import rules
from .implementation import golden

_LIMIT = re.compile(r"^\* (.+)$", re.MULTILINE)


def context() -> dict[str, Any]:
    """Returns what goldens.html is given."""
    cases = golden()
    certificate = json.loads(
        files("roikit.conformance").joinpath("operators", "roi_align", "adequacy.json").read_text(encoding="utf-8")
    )
    groups: dict[str, list[Any]] = defaultdict(list)
    for case in cases.values():
        groups[case.group].append(case)
    return {
        "certificate": certificate,
        "faults": [_fault(name, bits, certificate) for name, bits in certificate["faults"].items()],
        "limits": _limits(),
        "groups": dict(groups),
        "covered": {rule: sum(rule in case.rules for case in cases.values()) for rule in rules()},
        "titles": rules(),
    }


def _fault(name: str, bits: str, certificate: dict[str, Any]) -> dict[str, Any]:
    """Returns how many cases notice a fault under each dialect, and the first few."""
    masks = bytes.fromhex(bits)
    counts = [sum(mask >> d & 1 for mask in masks) for d in range(len(certificate["dialects"]))]
    noticing = [case for case, mask in zip(certificate["cases"], masks, strict=True) if mask]
    return {"name": name, "counts": counts, "fewest": min(filter(None, counts), default=0), "instances": noticing[:3]}


def _limits() -> list[str]:
    """Returns what the certificate says of where a fault cannot show."""
    text = files("roikit.conformance").joinpath("operators", "roi_align", "ADEQUACY.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("## Where a fault cannot show")
    return _LIMIT.findall(rest.partition("\n## ")[0])
