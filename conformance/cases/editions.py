"""The ledger of golden cases: which case each id has stood for since which edition, so that none changes its meaning unnoticed.

``editions.json`` maps an edition to the fingerprints of the calls that its cases make. An id is never given to another call, and
no case disappears: a case that turns out to be wrong gets a successor with an id of its own in a later edition.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Ledger = dict[str, dict[str, str]]

_MEANING = ("kind", "operation", "relation", "memory", "invalid_rois", "arguments", "enlarged", "arranged", "threads")


class LedgerError(Exception):
    """A case is not the one that its id stands for, or is gone, or has the id of another."""


def fingerprint(case: Mapping[str, Any]) -> str:
    """A part of a hash of the call of a case, an object of a case file."""
    meaning = {key: case[key] for key in _MEANING if key in case}
    if "steps" in case:
        meaning["steps"] = [step["arguments"] for step in case["steps"]]
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:16]


def record(ledger: Ledger, documents: Iterable[Mapping[str, Any]]) -> Ledger:
    """The ledger with the cases of case files that are new.

    Raises:
        LedgerError: a case that it has is gone, or makes another call now, or two have one id.
    """
    found: dict[str, tuple[str, str]] = {}
    for document in documents:
        for case in document["cases"]:
            if case["id"] in found:
                raise LedgerError(f"two cases are called {case['id']}")
            found[case["id"]] = case.get("edition", document["edition"]), fingerprint(case)
    known = {case: prints for cases in ledger.values() for case, prints in cases.items()}
    if gone := sorted(set(known) - set(found)):
        raise LedgerError(f"cases of an edition are gone: {', '.join(gone)}")
    if changed := sorted(case for case in known if known[case] != found[case][1]):
        raise LedgerError(
            f"cases of an edition make another call now: {', '.join(changed)}; they need ids of their own"
        )
    editions = {edition: dict(cases) for edition, cases in ledger.items()}
    for case, (edition, prints) in found.items():
        if case not in known:
            editions.setdefault(edition, {})[case] = prints
    return {edition: dict(sorted(cases.items())) for edition, cases in sorted(editions.items())}
