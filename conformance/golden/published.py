"""Golden numbers that others published for their RoIAlign, compared with the exact oracle.

``published.json`` holds them, from the tests, documents and issues of many libraries, each with its source, the call in this
project's arguments, the numbers as published and the dialect that the source describes. ``python -m
roikit.conformance.golden.published`` computes every call exactly under its dialect and prints who agrees. It exits with 1 if
numbers that disagree, or prove nothing, have no recorded reason, or if those that have one agree after all. With ``--cases
FOLDER`` it writes the calls whose numbers agree as golden cases, which expect the exact result and name the source, to
``FOLDER/cases/published.json``.

Numbers agree if they differ by no more than half a unit of the last place that was published, plus what a sound computation in
float32 may err (`tolerance.bounds`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import sys
from collections import Counter
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from .. import operators
from ..arrays import feature_map
from ..exact.numbers import Special
from ..terminal import Console
from .expectations import complete
from .files import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..exact.numbers import Array, Exact
    from ..operator import Operator

_DTYPE = "float32"  # of the computations that the numbers stem from
_FILE_WIDTH = 200  # columns of what is not printed to a terminal


class Verdict(StrEnum):
    """What the oracle says to published numbers."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDED = "undecided"  # a sound computation may take either side of a discontinuity
    NOT_EXPRESSIBLE = "not expressible"


_RECORDED = {Verdict.DISAGREES: "disagreement", Verdict.UNDECIDED: "undecided"}
"""Where an entry says why."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An entry of the catalogue and what the oracle says to it.

    Attributes:
        id: Of the entry.
        source: Where the numbers were published.
        dialect: A name, or choices that differ from `Dialect`'s defaults; empty if no dialect expresses the entry.
        verdict: Whether the numbers agree.
        difference: Greatest difference between a published number and the exact one, of those beyond their bounds if there
            are any; infinite where only one is a number. None if nothing can be compared.
        bound: Greatest difference that agrees, of the same element; infinite where no bound holds.
        reason: Why the numbers disagree, prove nothing or cannot be compared; empty if they agree.
        problem: How the verdict is not as recorded; empty if it is.
    """

    id: str
    source: str
    dialect: str
    verdict: Verdict
    difference: float | None
    bound: float | None
    reason: str
    problem: str


def load_catalogue(operator: str = operators.DEFAULT) -> dict[str, Any]:
    """``published.json`` of an operator, its decimal numbers as exact fractions."""
    text = operators.folder(operator).joinpath("published.json").read_text(encoding="utf-8")
    catalogue: dict[str, Any] = json.loads(text, parse_float=Fraction)
    return catalogue


def compare(catalogue: Mapping[str, Any] | None = None, operator: str = operators.DEFAULT) -> list[Comparison]:
    """What the oracle says to every entry of the catalogue (by default that of the package), in its order."""
    catalogue = load_catalogue(operator) if catalogue is None else catalogue
    asked = operators.get(operator)
    compared = [_compare(entry, catalogue["inputs"], asked) for entry in catalogue["entries"]]
    return compared + [
        Comparison(entry["id"], entry["source"], "", Verdict.NOT_EXPRESSIBLE, None, None, entry["reason"], "")
        for entry in catalogue["not_expressible"]
    ]


def dialect_of(choice: str | Mapping[str, Any], operator: Operator) -> Any:
    """The dialect that an entry names, or whose choices other than the defaults it lists.

    Raises:
        ValueError: there is no such dialect, or no such choice.
    """
    if isinstance(choice, str):
        if choice not in operator.dialects:
            raise ValueError(f"{operator.name} has no dialect called {choice!r}")
        return operator.dialects[choice]
    default = type(next(iter(operator.dialects.values())))()
    kinds = {known.name: type(getattr(default, known.name)) for known in fields(default)}
    if unknown := set(choice) - set(kinds):
        raise ValueError(f"a dialect has no choice called {', '.join(sorted(unknown))}")
    chosen = {name: kinds[name](v) if issubclass(kinds[name], StrEnum) else float(v) for name, v in choice.items()}
    return replace(default, **chosen)


_fractions = np.frompyfunc(Fraction, 1, 1)


def input_map(data: str | Mapping[str, Any], inputs: Mapping[str, Any]) -> Array:
    """The feature map of an entry: one of ``inputs`` by name, rows of numbers, or a ramp.

    A ramp is ``start`` at the first pixel and grows by ``image``, ``channel``, ``row`` and ``column`` along the axes. Products
    are added one after the other, and each sum is rounded once: what CPUs make of it that fuse them, and others do not.
    """
    described = inputs[data] if isinstance(data, str) else data
    if "rows" in described:
        return feature_map(described)
    ramp, along = described["ramp"], np.zeros(described["shape"])
    for axis, places in zip(("image", "channel", "row", "column"), np.indices(along.shape).astype(object), strict=True):
        along = (_fractions(along) + Fraction(float(ramp.get(axis, 0))) * places).astype(np.float64)
    return along + float(ramp["start"])


def rounding(number: Fraction, entry: Mapping[str, Any]) -> Fraction:
    """Half a unit of the last place with which ``number`` was published.

    ``decimals`` counts the places after the point, ``digits`` all significant ones. Decimals None say that numbers were
    published in full, and so does zero in significant digits: nothing was rounded away.
    """
    if "digits" in entry:
        if not number:
            return Fraction(0)
        places: int = entry["digits"] - 1 - _exponent(abs(number))
    elif entry["decimals"] is None:
        return Fraction(0)
    else:
        places = entry["decimals"]
    return Fraction(10) ** -places / 2


def _exponent(number: Fraction) -> int:
    """The exponent of the greatest power of ten that is no greater than a positive number."""
    estimate = math.floor(math.log10(number))
    return next(e for e in (estimate + 1, estimate, estimate - 1) if Fraction(10) ** e <= number)


def _compare(entry: Mapping[str, Any], inputs: Mapping[str, Any], operator: Operator) -> Comparison:
    label = _label(entry["dialect"])
    difference, bound = _farthest(entry, entry["dialect"], inputs, operator)
    verdict = Verdict.DISAGREES if difference > bound else Verdict.UNDECIDED if math.isinf(bound) else Verdict.AGREES
    recorded = next((v for v in _RECORDED if _RECORDED[v] in entry), Verdict.AGREES)
    problem = ""
    if verdict != recorded:
        how = f"is recorded as {recorded}" if recorded in _RECORDED else "no reason is recorded"
        problem = f"{verdict}, and {how}"
    elif verdict == Verdict.DISAGREES and not _is_explained(entry, inputs, operator):
        problem = "disagrees, and not for the recorded reason"
    return Comparison(
        id=entry["id"],
        source=entry["source"],
        dialect=label,
        verdict=verdict,
        difference=float(difference),
        bound=float(bound),
        reason=entry[_RECORDED[recorded]]["reason"] if recorded in _RECORDED else "",
        problem=problem,
    )


def _is_explained(entry: Mapping[str, Any], inputs: Mapping[str, Any], operator: Operator) -> bool:
    """Whether the numbers agree where the recorded disagreement says that they would.

    They do with another dialect (``computed_with``), or if every pixel may be off by half a unit of its last place
    (``input_decimals``), which moves no average by more, as no bin's weights add up to more than 1.
    """
    recorded = entry["disagreement"]
    slack = Fraction(10) ** -recorded["input_decimals"] / 2 if "input_decimals" in recorded else Fraction(0)
    difference, bound = _farthest(entry, recorded.get("computed_with", entry["dialect"]), inputs, operator, slack)
    return difference <= bound < math.inf


def _farthest(
    entry: Mapping[str, Any],
    dialect: str | Mapping[str, Any],
    inputs: Mapping[str, Any],
    operator: Operator,
    slack: Fraction = Fraction(0),
) -> tuple[Fraction | float, Fraction | float]:
    """Difference and bound of the most different element of those beyond their bounds, or else of all.

    Elements that no bound holds for come next. The difference is infinite where only one of both is a number. ``slack`` widens
    all bounds.
    """
    arguments = {**entry["arguments"], "input": as_rows(input_map(entry["arguments"]["input"], inputs))}
    values, limits = operator.oracle.bounded(arguments, dialect_of(dialect, operator), _DTYPE)
    published = list(itertools.chain.from_iterable(entry["expected"]))
    if len(published) != values.size:
        raise ValueError(f"{entry['id']}: {len(published)} numbers were published for {values.size} elements")
    elements = [
        _element(number, value, entry, math.inf if math.isinf(bound) else Fraction(bound) + slack)
        for number, value, bound in zip(published, values.flat, limits.flat, strict=True)
    ]
    return max(elements, key=lambda pair: (pair[0] > pair[1], math.isinf(pair[1]), pair[0]), default=(0.0, 0.0))


def _element(
    published: Any, value: Exact | None, entry: Mapping[str, Any], bound: Fraction | float
) -> tuple[Fraction | float, Fraction | float]:
    """Difference and bound of one element; ``bound`` is that of a computation, infinite where none holds."""
    if published == "nan" or not isinstance(value, Fraction):
        return (0.0 if published == "nan" and value == Special.NAN else math.inf), 0.0
    number = Fraction(published)
    if math.isinf(bound):
        return abs(number - value), math.inf
    return abs(number - value), rounding(number, entry) + bound


def _label(dialect: str | Mapping[str, Any]) -> str:
    return dialect if isinstance(dialect, str) else ", ".join(f"{name} {value}" for name, value in dialect.items())


def _table(comparisons: list[Comparison]) -> Table:
    colours = {
        Verdict.AGREES: "green",
        Verdict.DISAGREES: "yellow",
        Verdict.UNDECIDED: "dim",
        Verdict.NOT_EXPRESSIBLE: "dim",
    }
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", overflow="fold")
    table.add_column("source", overflow="fold", ratio=2)
    table.add_column("dialect", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("bound", justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold", ratio=2)
    for c in comparisons:
        colour = "bold red" if c.problem else colours[c.verdict]
        numbers = ("" if x is None else f"{x:.2g}" for x in (c.difference, c.bound))
        explanation = f"[bold red]{escape(c.problem)}[/] {escape(c.reason)}" if c.problem else escape(c.reason)
        table.add_row(
            escape(c.id), escape(c.source), escape(c.dialect), f"[{colour}]{c.verdict}[/]", *numbers, explanation
        )
    return table


def as_cases(catalogue: Mapping[str, Any], operator: str = operators.DEFAULT) -> list[dict[str, Any]]:
    """The calls whose published numbers agree as golden cases, the same call once, without what is computed."""
    agreeing = {c.id: c for c in compare(catalogue, operator) if c.verdict == Verdict.AGREES}
    found: dict[str, dict[str, Any]] = {}
    for entry in catalogue["entries"]:
        if entry["id"] in agreeing:
            case = _case(entry, agreeing[entry["id"]].dialect, catalogue["inputs"], operators.get(operator))
            known = found.setdefault(json.dumps(case["arguments"]), case)
            if case["source"] not in known["source"]:
                known["source"] += f"; {case['source']}"
    return list(found.values())


def _case(entry: Mapping[str, Any], dialect: str, inputs: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    assert operator.published is not None
    given = entry["arguments"]
    arguments = {
        "input": as_rows(input_map(given["input"], inputs)),
        **{key: json.loads(json.dumps(value, default=_plain)) for key, value in given.items() if key != "input"},
    }
    return {
        "id": "pub-" + re.sub("[^a-z0-9]+", "-", entry["id"].lower()).strip("-"),
        "title": f"Published numbers, for {dialect}.",
        "source": entry["source"],
        "rules": list(operator.published.rules_of(arguments)),
        "kind": "value",
        "arguments": arguments,
    }


def as_rows(pixels: Array) -> dict[str, Any]:
    """A map as case files have it."""
    rows = pixels.reshape(-1, pixels.shape[-1])
    return {"shape": list(pixels.shape), "rows": [[_plain(v) for v in row] for row in rows]}


def _plain(number: Any) -> int | float:
    return int(number) if float(number).is_integer() else float(number)


def _write_cases(folder: Path, operator: Operator) -> None:
    assert operator.published is not None
    claims_of = operator.published.claims_of
    called = as_cases(load_catalogue(operator.name), operator.name)
    cases = [complete({**case, "claims": claims_of(case["arguments"])}, operator) for case in called]
    marked = {} if operator.name == operators.DEFAULT else {"operator": operator.name}
    assert operator.draws is not None
    document = {"edition": operator.draws.edition, "group": "published", **marked, "cases": cases}
    path = folder / "operators" / operator.name / "cases" / "published.json"
    path.write_text(render(document), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what the oracle says to the catalogue of each operator, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m roikit.conformance.golden.published")
    parser.add_argument("operator", nargs="*", help="only these operators")
    parser.add_argument(
        "--cases", type=Path, metavar="FOLDER", help="write the calls as cases below there, and print nothing"
    )
    given = parser.parse_args(arguments)
    asked = [operators.get(name) for name in given.operator or operators.NAMES]
    having = [operator for operator in asked if operator.published is not None]
    if given.cases:
        for operator in having:
            _write_cases(given.cases, operator)
        return 0
    console = Console() if Console().is_terminal else Console(width=_FILE_WIDTH)
    results = [_show(console, operator) for operator in having]
    return 0 if all(results) else 1


def _show(console: Console, operator: Operator) -> bool:
    """Prints what the oracle says to a catalogue, and returns whether that is as recorded."""
    comparisons = compare(operator=operator.name)
    console.print(_table(comparisons))
    counts = Counter(comparison.verdict for comparison in comparisons)
    of = "" if operator.name == operators.DEFAULT else f" of {operator.name}"
    console.print(
        f"\n{len(comparisons)} entries{of}: {', '.join(f'{counts[verdict]} {verdict}' for verdict in Verdict)}"
    )
    problems = [comparison for comparison in comparisons if comparison.problem]
    if problems:
        console.print(f"[bold red]{len(problems)} not as recorded: {escape(', '.join(c.id for c in problems))}[/]")
    return not problems


if __name__ == "__main__":
    sys.exit(main())
