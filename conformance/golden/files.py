"""Case files as text, the specification that cites them, and the command that writes both."""

from __future__ import annotations

import argparse
import json
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import operators
from ..cases import editions
from . import expectations, of_operator
from .expectations import computed_parts, false_claim, given
from .ledger import Ledger, Row
from .of_operator import EXPECTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_RULE, _CITATION = "\n## ", "Cases: "

_COMPUTED = ("certificate", "dtypes", "expected", "steps")

SHARE = 0.02
"""Of the cases that are unchanged, what share is computed in a run all the same."""

_MANY = 6  # cases of a rule that are not named one by one


class FalseClaimError(Exception):
    """A case says that rounding decides something in it, or that it does not, and is wrong."""


def render(document: Mapping[str, Any]) -> str:
    """A case file as text: one line for each row of numbers, so that changes can be read."""

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


def arranged(document: Mapping[str, Any], computed: Mapping[str, Any]) -> str:
    """A case file as text: what was computed of a case, by its id, and otherwise what the document has."""
    return render({**document, "cases": [{**given(case), **_parts(case, computed)} for case in document["cases"]]})


def _parts(case: Mapping[str, Any], computed: Mapping[str, Any]) -> Mapping[str, Any]:
    parts: Mapping[str, Any] = computed.get(case["id"], row(case).value)
    return parts


def _cases_of(rule: str, groups: Mapping[str, list[str]]) -> str:
    """Names the cases of a rule, by group; or, of many, their numbers, and the command that lists them."""
    count = sum(map(len, groups.values()))
    if count <= _MANY:
        return "; ".join(f"*{group}* {', '.join(ids)}" for group, ids in groups.items())
    parts = ", ".join(f"*{group}* {len(ids)}" for group, ids in groups.items())
    return f"{count}, of {parts}; `roikit list cases --select {rule}` lists them."


def cite(specification: str, documents: Iterable[Mapping[str, Any]]) -> str:
    """The specification with, at the end of each rule, the cases that exercise it."""
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
        cases = textwrap.fill(_CITATION + _cases_of(rule, by_rule[rule]), 125, break_on_hyphens=False)
        return f"{text}\n\n{cases}\n"

    head, *sections = specification.split(_RULE)
    return _RULE.join([head, *map(cited, sections)]).rstrip() + "\n"


def parts_of(task: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The computed parts of a case, of an operator by name.

    Raises:
        FalseClaimError: what it claims is not so.
    """
    name, case = task
    operator = operators.get(name)
    if complaint := false_claim(case, operator):
        raise FalseClaimError(complaint)
    return computed_parts(case, operator)


def row(case: Mapping[str, Any]) -> Row:
    """A case as a row of a ledger: the parts that are given, and those that are computed; None where these are not complete."""
    computed = {key: case[key] for key in _COMPUTED if key in case}
    return Row(case["id"], given(case), computed if "expected" in case else None)


def rows_of(documents: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The cases of case files as rows of a ledger."""
    return [row(case) for document in documents for case in document["cases"]]


def code_of(operator: str) -> str:
    """A hash of the code that computes what cases of an operator expect."""
    return of_operator.code_of(operator, expectations.__name__, faults=False)


def computed(folder: Path) -> tuple[dict[Path, str], dict[str, Ledger]]:
    """The files that are computed, as they should be: cases and rules of every operator, and what each case has meant.

    Besides, the ledger of every operator. What is sealed in the present one is not computed again, but for a sample.

    Raises:
        editions.LedgerError: a case that an edition has is another now, or is gone.
        FalseClaimError: a case claims what is not so.
    """
    fresh: dict[Path, str] = {}
    everything: list[dict[str, Any]] = []
    sealed: dict[str, Ledger] = {}
    for name in operators.NAMES:
        home = folder / "operators" / name
        documents = {path: json.loads(path.read_text(encoding="utf-8")) for path in sorted(home.glob("cases/*.json"))}
        cases = {case["id"]: case for document in documents.values() for case in document["cases"]}
        due = of_operator.ledgers(name)[EXPECTATIONS].due(rows_of(documents.values()), code_of(name), SHARE)
        values = of_operator.compute(due, parts_of, [(name, cases[row.name]) for row in due.rows], f"{name}, cases")
        texts = {path: arranged(document, values) for path, document in documents.items()}
        renewed = [json.loads(text) for text in texts.values()]
        sealed[name] = Ledger.of(code_of(name), rows_of(renewed))
        rules = home / "RULES.md"
        fresh |= {**texts, rules: cite(rules.read_text(encoding="utf-8"), renewed)}
        everything += renewed
    meanings = folder / "editions.json"
    recorded = editions.record(json.loads(meanings.read_text(encoding="utf-8")), everything)
    fresh[meanings] = json.dumps(recorded, indent=1) + "\n"
    return fresh, sealed


def main() -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder that holds operators/ and editions.json: conformance")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file would change")
    parser.add_argument("--full", action="store_true", help="compute everything, whether it has changed or not")
    arguments = parser.parse_args()
    if arguments.full:
        os.environ["ROIKIT_LEDGER"] = "full"
    try:
        fresh, sealed = computed(arguments.folder)
    except (editions.LedgerError, FalseClaimError) as error:
        print(error)  # noqa: T201
        return 1
    stale = []
    for path, new in fresh.items():
        if new != path.read_text(encoding="utf-8"):
            stale.append(str(path.relative_to(arguments.folder)))
            if not arguments.check:
                path.write_text(new, encoding="utf-8")
    for name, ledger in sealed.items():
        if not arguments.check:
            of_operator.write(arguments.folder, name, {EXPECTATIONS: ledger})
    if stale:
        print(f"{'stale' if arguments.check else 'rewritten'}: {', '.join(stale)}")  # noqa: T201
    return 1 if stale and arguments.check else 0
