"""Which dialect each implementation follows, decision by decision, as it was read off it; and the footprints that tell."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...conformance import operators
from ...conformance.detection.report import text_of
from ...conformance.errors import FileError
from ...conformance.operation import Operation
from ...conformance.results.titles import of_operator as rules
from ..history import from_old_to_new
from ..model import in_order, operator_title, page_name, slug
from ..tables import OURS, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from ...conformance.operator import Probes
    from ..files import Detections, Footprints
    from ..model import Site

    Array = NDArray[Any]

_WHERE = re.compile(r"^(?:RoI (?P<roi>\d+), )?bin \((?P<p>\d+), (?P<q>\d+)\), pixel ")


def probes_of(operator: str) -> Probes | None:
    """How an operator is read off implementations; None if it cannot be, or is not known here."""
    return operators.get(operator).probes if operator in operators.NAMES else None


class Gradient(NamedTuple):
    """A gradient that is compared with the forward: for what, its field in the file, the title of its rule."""

    what: str
    operation: Operation
    field: str
    title: str


_GRADIENTS = (
    Gradient("maps", Operation.FEATURE_GRADIENT, "backward", "Gradient for features"),
    Gradient("boxes", Operation.BOX_GRADIENT, "box_gradient", "Gradient for boxes"),
)


def gradients_of(operator: str) -> list[Gradient]:
    """The gradients that an operator has."""
    return [each for each in _GRADIENTS if each.operation in operators.get(operator).operations]


class Column:
    """What was detected of one implementation of an operator, asked for one dialect."""

    def __init__(self, found: Mapping[str, Any], version: str) -> None:
        """Takes a detection of the file."""
        self.found = found
        self.operator: str = found["operator"]
        self.title = operator_title(self.operator)
        self.implementation: str = found["implementation"]
        self.dialect: str = found["dialect"]
        self.version = version
        self.slug = page_name(self.implementation)
        self.anchor = slug(f"{self.operator} {self.dialect}")
        self.decisions: dict[str, Mapping[str, Any]] = {decision["point"]: decision for decision in found["decisions"]}

    def choice(self, point: str) -> str:
        """The choices that remain at a decision point, in words."""
        decision = self.decisions.get(point)
        return " or ".join(text_of(choice) for choice in decision["left"]) if decision else ""

    @property
    def name(self) -> str:
        """The dialect that was detected, in words."""
        names = self.found["names"]
        if names:
            return self.dialect if self.dialect in names else str(names[0])
        return f"none; nearest {self.found['nearest']}" if self.found["nearest"] else "nothing could be read"

    def gradient(self, of: Gradient) -> str:
        """What is known of a gradient, in words."""
        return _compared(self.found[of.field])

    @property
    def gradients(self) -> list[tuple[str, str, Sequence[Mapping[str, str]]]]:
        """What is known of its gradients: of what, in words, and where it is not the derivative of forward."""
        return [(of.what, self.gradient(of), self.found[of.field]["differences"]) for of in gradients_of(self.operator)]

    @property
    def best(self) -> Any:
        """The dialect that it follows, with the choices that were seen; None if nothing was."""
        name = (self.found["names"] or [self.found["nearest"]])[0]
        if name is None:
            return None
        seen = {
            point: _choice(decision["left"]) for point, decision in self.decisions.items() if len(decision["left"]) == 1
        }
        return _with(operators.get(self.operator).dialects.get(name), seen)


def _compared(gradient: Mapping[str, Any]) -> str:
    if not gradient["compared"]:
        return "not read" if gradient["failures"] else "not offered"
    wrong = len(gradient["differences"])
    return f"not the derivative ({wrong} of {gradient['compared']} probes)" if wrong else "the derivative of forward"


def _with(dialect: Any, choices: Mapping[str, Any]) -> Any:
    """A dialect with other choices; None if they are of another roikit, whose dialects have other points."""
    try:
        return replace(dialect, **choices)
    except (TypeError, ValueError):
        return None


def _choice(left: Iterable[Any]) -> Any:
    """A choice of the file as a dialect has it."""
    (choice,) = left
    return -math.inf if choice == "-inf" else choice


def columns(site: Site) -> list[Column]:
    """What was detected, each implementation of an operator as in the newest file that has its newest version."""
    files_of: dict[tuple[str, str], list[tuple[Detections, list[Column]]]] = defaultdict(list)
    for file in site.inputs.detections:
        versions = versions_of(file.subjects)
        of_file: dict[tuple[str, str], list[Column]] = defaultdict(list)
        for found in file.detections:
            column = Column(found, versions.get(found["implementation"], ""))
            if probes_of(column.operator):
                of_file[column.implementation, column.operator].append(column)
        for key, those in of_file.items():
            files_of[key].append((file, those))
    newest = {
        key: from_old_to_new(files, lambda each: each[1][0].version, lambda each: each[0].started)[-1][1]
        for key, files in files_of.items()
    }
    order = in_order(operator for _, operator in newest)
    keys = sorted(newest, key=lambda key: (key[0], order.index(key[1])))
    return [column for key in keys for column in newest[key]]


def context(site: Site) -> dict[str, Any]:
    """What dialects.html is given, operator by operator."""
    found = columns(site)
    shown = [
        {
            "name": operator,
            "title": operator_title(operator),
            "tables": _tables(operator, [column for column in found if column.operator == operator]),
        }
        for operator in in_order(column.operator for column in found)
    ]
    return {"operators": shown, "places": [(each["name"], each["title"]) for each in shown]}


Asked = tuple[str, list[Column]]
"""A name at the head of a table, and what was detected of it under each dialect that it was asked for."""


def _tables(operator: str, found: Iterable[Column]) -> list[tuple[str, list[Asked], list[dict[str, Any]]]]:
    """Titles, columns and rows: our own dialects apart, since they are as many as there are names."""
    others: dict[str, list[Column]] = defaultdict(list)
    own: dict[str, list[Column]] = {}
    for column in found:
        if column.implementation.startswith(OURS):
            own[f"{column.implementation}, {column.dialect}"] = [column]
        else:
            others[column.implementation].append(column)
    tables = (("Implementations", others), ("roikit's kernels, dialect by dialect", own))
    return [(title, list(group.items()), _rows(operator, list(group.values()))) for title, group in tables if group]


def _rows(operator: str, groups: list[list[Column]]) -> list[dict[str, Any]]:
    """A row for what was asked for, detected and decided, each with a cell for each implementation."""
    probes = probes_of(operator)
    assert probes is not None
    numbers = {title: rule for rule, title in rules(operator).items()}

    def row(title: str, rule: str, anchor: str, said: Callable[[Column], str]) -> dict[str, Any]:
        return {"title": title, "rule": rule, "cells": [_cell(asked, anchor, said) for asked in groups]}

    return [
        row("detected", "", "", lambda column: column.name),
        *(row(point, rule, point, partial(Column.choice, point=point)) for point, rule in probes.points.items()),
        *(
            row(f"gradient for the {of.what}", numbers.get(of.title, ""), "", partial(Column.gradient, of=of))
            for of in gradients_of(operator)
        ),
        row("not explained", "", "", lambda column: str(len(column.found["unexplained"]) or "")),
    ]


def _cell(asked: list[Column], anchor: str, said: Callable[[Column], str]) -> list[tuple[str, str, str]]:
    """What is said of an implementation: the dialect asked for (if that matters), text, anchor of the evidence."""
    texts = [said(column) for column in asked]
    ends = [f"{column.anchor}-{anchor}" if anchor else column.anchor for column in asked]
    if len(set(texts)) == 1:
        return [("", texts[0], ends[0])]
    return [(column.dialect, text, end) for column, text, end in zip(asked, texts, ends, strict=True)]


class Reader:
    """Finds footprints in the files that have them."""

    def __init__(self, site: Site) -> None:
        """Takes those of the newest file that an implementation is in."""
        self._found: dict[tuple[str, str, str, str], tuple[Mapping[str, Any], Footprints]] = {}
        for file in site.inputs.footprints:
            for footprint in file.footprints:
                if footprint["operation"] == "forward":
                    names = (footprint[name] for name in ("implementation", "operator", "dialect", "probe"))
                    self._found[tuple(names)] = footprint, file

    def weights(self, column: Column, probe: str, roi: int, at: tuple[int, int]) -> Array | None:
        """The weights of a bin, ``(H, W)``; None if they were not read."""
        key = column.implementation, column.operator, column.dialect, probe
        if key not in self._found:
            return None
        found, file = self._found[key]
        bins = [
            bin_ for each in found.get("rois", [])[roi : roi + 1] for bin_ in each["bins"] if tuple(bin_["bin"]) == at
        ]
        if not bins:
            return None
        weights = np.zeros(file.map_size)
        for y, x, weight in bins[0]["taps"]:
            if not (0 <= y < file.map_size[0] and 0 <= x < file.map_size[1]):
                raise FileError(f"there is no pixel ({y}, {x}) on the map", file.path, field="footprints")
            weights[int(y), int(x)] = float(weight)
        return weights


def evidence(column: Column, reader: Reader) -> list[dict[str, Any]]:
    """For each decision point the choice, what rules the others out, and what to draw."""
    shown = []
    probes = probes_of(column.operator)
    for point in probes.points if probes else ():
        decision = column.decisions.get(point)
        if decision is not None:
            out = [{**each, "choice": text_of(each["choice"]), "raw": each["choice"]} for each in decision["ruled_out"]]
            shown.append(
                {
                    "point": point,
                    "rule": decision["rule"],
                    "choice": column.choice(point) or "–",
                    "open": decision["open"],
                    "ruled_out": out,
                    "figure": _figure(column, reader, point, out),
                }
            )
    return shown


@cache
def _probes(operator: str) -> Mapping[str, Any]:
    """The probes of an operator by name."""
    known = operators.get(operator)
    return {probe.name: probe for probe in known.probes.offered(known.modes)} if known.probes else {}


def _figure(column: Column, reader: Reader, point: str, ruled_out: list[dict[str, Any]]) -> str:
    """The drawing of the first choice that a footprint rules out; nothing if none does."""
    own = column.best
    if own is None or operators.get(column.operator).footprint is None:
        return ""
    for each in ruled_out:
        where = _WHERE.match(each["where"])
        probe = _probes(column.operator).get(each["probe"])
        if where is None or probe is None:
            continue
        at, roi = (int(where["p"]), int(where["q"])), int(where["roi"] or 0)
        read = reader.weights(column, probe.name, roi, at)
        if read is not None:
            from .footprint_figure import Bin, draw

            other = _with(own, {point: _choice([each["raw"]])})
            if other is None:
                continue
            choices = f"{point} {column.choice(point)}", f"{point} {each['choice']}"
            return draw(Bin(column.operator, probe, roi, at), read.tobytes(), own, other, choices)
    return ""
