"""Case files as text, the specification that cites them, and the command that writes both."""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import operators
from ..cases import editions
from .expectations import complete

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_RULE, _CITATION = "\n## ", "Cases: "

_MANY = 20  # cases of a group that are not named one by one


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
    operator = operators.get(document.get("operator", operators.DEFAULT))
    return render({**document, "cases": [complete(case, operator) for case in document["cases"]]})


def _named(group: str, ids: list[str]) -> str:
    """Names cases of a group; of a large one, their number."""
    return f"*{group}* {', '.join(ids)}" if len(ids) <= _MANY else f"*{group}* {len(ids)} cases"


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
        groups = "; ".join(_named(group, ids) for group, ids in by_rule[rule].items())
        return f"{text}\n\n{_CITATION}{textwrap.fill(groups, 125, break_on_hyphens=False)}\n"

    head, *sections = specification.split(_RULE)
    return _RULE.join([head, *map(cited, sections)]).rstrip() + "\n"


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/ and editions.json: conformance")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    arguments = parser.parse_args()
    try:
        fresh = computed(arguments.folder)
    except editions.LedgerError as error:
        print(error)  # noqa: T201
        return 1
    stale = []
    for path, new in fresh.items():
        if new != path.read_text(encoding="utf-8"):
            stale.append(str(path.relative_to(arguments.folder)))
            if not arguments.check:
                path.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'stale' if arguments.check else 'rewritten'}: {', '.join(stale)}")  # noqa: T201
    return 1 if stale and arguments.check else 0


def computed(folder: Path) -> dict[Path, str]:
    """The files that are computed, as they should be: the cases and rules of every operator, and the ledger.

    Raises:
        editions.LedgerError: a case of the ledger has become another, or is gone.
    """
    fresh: dict[Path, str] = {}
    everything: list[dict[str, Any]] = []
    for name in operators.NAMES:
        home = folder / "operators" / name
        cases = {path: regenerate(path.read_text(encoding="utf-8")) for path in sorted(home.glob("cases/*.json"))}
        documents = [json.loads(text) for text in cases.values()]
        rules = home / "RULES.md"
        fresh |= {**cases, rules: cite(rules.read_text(encoding="utf-8"), documents)}
        everything += documents
    ledger = folder / "editions.json"
    recorded = editions.record(json.loads(ledger.read_text(encoding="utf-8")), everything)
    fresh[ledger] = json.dumps(recorded, indent=1) + "\n"
    return fresh
