"""A golden case: what is called, what must come, what came, by which rules, and which faults it notices."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from ...conformance import operators
from ...conformance.arrays import leaves
from ...conformance.relations import RELATIONS
from ...conformance.results.kinds import Kind
from ...conformance.results.titles import titles
from ...conformance.scripts.arrays import MEANING
from ..calls import arrays, as_text, parameters, returned
from ..model import operator_title
from ..results import rows_of, worst_of
from . import case_figure
from .rules import link as rule_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...conformance.cases.case import Case, Expectation
    from ...conformance.operator import Answer
    from ..calls import Numbers
    from ..model import Implementation, Site

_MOST_SHOWN = 6000
"""Characters of answers that a page has in all: those under further dialects are had by a command."""

_KINDS = {
    "value": "must return these numbers",
    "invalid": "must refuse the RoIs {rois}, or return NaN for them, and these numbers for the others",
    "error": "must be refused",
    "property": "must give answers that go together, whatever they are: {relation}",
    "history": "is one of several calls, one after the other, each with its answer",
    "threads": "is one of several calls that {threads} threads make at the same time, each with its answer",
    "fork": "is made on both sides of a fork of the process",
}


def address(case: str) -> str:
    """The file of the page of a case: as ids are never reused, neither is this."""
    return f"cases/{case}.html"


class Answers:
    """What the newest run of each implementation says of each case."""

    def __init__(self, site: Site) -> None:
        """Sorts the results of a site by case."""
        self._found: dict[str, dict[str, tuple[Implementation, list[dict[str, Any]]]]] = defaultdict(dict)
        for implementation in site.implementations:
            for judged in implementation.conformances:
                for result in judged.results:
                    found = self._found[result["case"]]
                    found.setdefault(implementation.name, (implementation, []))[1].append(result)

    def of(self, case: str) -> list[dict[str, Any]]:
        """What each implementation returned, those that are not right first."""
        shown = [_answers(implementation, results) for implementation, results in self._found[case].values()]
        return sorted(shown, key=lambda each: -list(Kind).index(each["kind"]))


def _answers(implementation: Implementation, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Results of an implementation: one row of all that are right, and one of all others with the same numbers."""
    right = [result for result in results if result["kind"] == Kind.FOLLOWS]
    wrong = [result for result in results if result["kind"] != Kind.FOLLOWS]
    errors = [result["error_over_bound"] for result in right if result["error_over_bound"] is not None]
    return {
        "name": implementation.name,
        "slug": implementation.slug,
        "kind": worst_of(results),
        "right": len(right),
        "error": max(errors, default=None),
        "rows": _by_numbers(rows_of(wrong)),
    }


def _by_numbers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of results, those of several dialects with the same numbers as one."""
    same: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("verdict", "index", "expected", "got", "places"))
        same.setdefault(key, {**row, "dialects": []})["dialects"].append(row["dialect"])
    return list(same.values())


def context(case: Case, answers: Answers) -> dict[str, Any]:
    """What case.html is given."""
    faults = _faults(case.operator).get(case.id, [])
    return {
        "case": case,
        "operator": operator_title(case.operator),
        "returned": returned(case),
        "must": _KINDS[case.kind].format(
            rois=", ".join(map(str, case.invalid_rois)),
            relation=RELATIONS[case.relation].says if case.relation else "",
            threads=case.threads,
        ),
        "rules": [(rule, titles().get(rule, ""), rule_link(case.operator, rule)) for rule in case.rules],
        "parameters": parameters(case.arguments, case.operator),
        "arrays": arrays(case.arguments, case.operator),
        "memory": _memory(case),
        "enlarged": _enlarged(case),
        "drawing": case_figure.draw(case),
        "expected": list(_expected(case)),
        "steps": [(step.changed, _changed(case, step.arguments)) for step in case.steps],
        "answers": answers.of(case.id),
        "faults": faults,
        "fewest": [name for name in faults if _notices(case.operator)[name] == 1],
        "certified": bool(_faults(case.operator)),
        "blind": operators.get(case.operator).blind.get(case.id, ""),
    }


def _memory(case: Case) -> list[str]:
    """How arrays lie in memory, where that is not in a row."""
    said = [f"{name}: {way}, {MEANING[way]}" for name, way in case.arranged.items()]
    if case.memory == "transposed":
        said.append("input: its rows and columns are exchanged in memory")
    if case.memory == "sparse":
        said.append("input: the last of so many images that 32 bits do not count their elements")
    return said


def _enlarged(case: Case) -> str:
    """How a large call repeats the small one that is shown."""
    if case.enlarged is None:
        return ""
    images, channels, rois = case.enlarged
    n, c = case.arguments["input"]["shape"][:2]
    k = len(case.arguments["boxes"])
    return (
        f"{images:,} image{'s' * (images != 1)}, {channels:,} channel{'s' * (channels != 1)} and {rois:,} "
        f"RoI{'s' * (rois != 1)}, which repeat the small call below: image n is image n mod {n}; channel c is channel c mod {c}, "
        f"times 1, 2, 4, 8, 16, 1, 2 … as c div {c} counts; RoI k is RoI k mod {k}, each time on other images. So is the answer"
    )


def _changed(case: Case, arguments: Mapping[str, Any]) -> list[str]:
    """What is another in a further call, in words."""
    said = [f"{name} {text}" for name, text in parameters(arguments, case.operator)]
    return said + [f"{each.name} of {each.size}" for each in arrays(arguments, case.operator)]


def _expected(case: Case) -> Iterator[dict[str, Any]]:
    """The answers, each with the dialects under which it is due, and how near it must be; further ones while there is room."""
    groups: dict[tuple[tuple[str, ...], str], list[Expectation]] = {}
    for expectation in case.expected:
        texts = "or".join(_due(case, answer).text for answer in expectation.answers)
        groups.setdefault((expectation.dialects, texts), []).append(expectation)
    room = _MOST_SHOWN
    for n, ((dialects, texts), members) in enumerate(groups.items()):
        room -= len(texts)
        answers = members[0].answers if n == 0 or room > 0 else ()
        yield {
            "dialects": dialects,
            "within": [(each.dtypes, _greatest(each.bound)) for each in members],
            "alternatives": [_due(case, answer) for answer in answers],
        }


def _due(case: Case, answer: Answer) -> Numbers:
    if answer.output is None:
        return as_text("due", [], (0,), "K")
    return as_text("due", answer.output, case.stated_shape, case.answer_axes)


def _greatest(bound: Any) -> str:
    """The greatest of some bounds; empty if there are none, since a result must be equal."""
    if bound is None:
        return ""
    known = [value for value in leaves(bound if isinstance(bound, list) else [bound]) if value is not None]
    return f"{max(known):.2g}" if known else "any number"


@cache
def certificate(operator: str) -> dict[str, Any] | None:
    """What notices which fault; None of an operator that has not been certified yet."""
    file = operators.folder(operator).joinpath("adequacy.json")
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


@cache
def _faults(operator: str) -> Mapping[str, list[str]]:
    """The faults that each case notices, under any dialect."""
    found: dict[str, list[str]] = defaultdict(list)
    known = certificate(operator) or {"faults": {}}
    for name, bits in known["faults"].items():
        for case, mask in zip(known["cases"], bytes.fromhex(bits), strict=True):
            if mask:
                found[case].append(name)
    return dict(found)


@cache
def _notices(operator: str) -> Mapping[str, int]:
    """How many cases notice each fault."""
    return Counter(name for names in _faults(operator).values() for name in names)
