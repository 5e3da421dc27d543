"""Which dialect each implementation follows, decision by decision, as it was read off it; and the footprints that tell."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...conformance import operators
from ...conformance.detection.report import text_of
from ..model import slug
from ..tables import OURS, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from ..model import Site

    Array = NDArray[Any]

_WHERE = re.compile(r"^(?:RoI (?P<roi>\d+), )?bin \((?P<p>\d+), (?P<q>\d+)\), pixel ")
_OPERATOR = operators.get(operators.DEFAULT)
_READ_OFF: Any = _OPERATOR.probes
_PROBES = {probe.name: probe for probe in _READ_OFF.offered(("avg",))}


class Column:
    """What was detected of one implementation, asked for one dialect."""

    def __init__(self, found: Mapping[str, Any], version: str) -> None:
        """Takes a detection of the file."""
        self.found = found
        self.implementation: str = found["implementation"]
        self.dialect: str = found["dialect"]
        self.version = version
        self.slug = slug(self.implementation)
        self.anchor = slug(self.dialect)
        self.decisions: dict[str, Mapping[str, Any]] = {decision["point"]: decision for decision in found["decisions"]}

    def choice(self, point: str) -> str:
        """Returns the choices that remain at a decision point, in words."""
        decision = self.decisions.get(point)
        return " or ".join(text_of(choice) for choice in decision["left"]) if decision else ""

    @property
    def name(self) -> str:
        """The dialect that was detected, in words."""
        names = self.found["names"]
        if names:
            return self.dialect if self.dialect in names else str(names[0])
        return f"none; nearest {self.found['nearest']}" if self.found["nearest"] else "nothing could be read"

    @property
    def gradients(self) -> list[tuple[str, str, Sequence[Mapping[str, str]]]]:
        """What is known of its gradients: of what, in words, and where it is not the derivative of forward."""
        found = (("maps", self.found["backward"]), ("boxes", self.found["box_gradient"]))
        return [(name, _compared(gradient), gradient["differences"]) for name, gradient in found]

    @property
    def best(self) -> Any:
        """The dialect that it follows, with the choices that were seen; None if nothing was."""
        name = (self.found["names"] or [self.found["nearest"]])[0]
        if name is None:
            return None
        seen = {
            point: _choice(decision["left"]) for point, decision in self.decisions.items() if len(decision["left"]) == 1
        }
        return replace(_OPERATOR.dialects[name], **seen)


def _compared(gradient: Mapping[str, Any]) -> str:
    if not gradient["compared"]:
        return "not read" if gradient["failures"] else "not offered"
    wrong = len(gradient["differences"])
    return f"not the derivative ({wrong} of {gradient['compared']} probes)" if wrong else "the derivative of forward"


def _choice(left: Iterable[Any]) -> Any:
    """Returns a choice of the file as a dialect has it."""
    (choice,) = left
    return -math.inf if choice == "-inf" else choice


def columns(site: Site) -> list[Column]:
    """Returns what was detected, each implementation as in the newest file that it is in."""
    newest: dict[str, list[Column]] = {}
    for file in site.inputs.detections:
        versions = versions_of(file.subjects)
        of_file: dict[str, list[Column]] = {}
        for found in file.detections:
            column = Column(found, versions.get(found["implementation"], ""))
            of_file.setdefault(column.implementation, []).append(column)
        newest |= of_file
    return [column for name in sorted(newest) for column in newest[name]]


def context(site: Site) -> dict[str, Any]:
    """Returns what dialects.html is given: our own dialects apart, since they are as many as there are names."""
    by_name: dict[str, list[Column]] = {}
    for column in columns(site):
        by_name.setdefault(column.implementation, []).append(column)
    others = {name: asked for name, asked in by_name.items() if not name.startswith(OURS)}
    own = {f"{c.implementation}, {c.dialect}": [c] for name in by_name if name.startswith(OURS) for c in by_name[name]}
    tables = (("Implementations", others), ("roikit's kernels, dialect by dialect", own))
    return {"tables": [(title, list(group.items()), _rows(group.values())) for title, group in tables if group]}


def _rows(groups: Iterable[list[Column]]) -> list[dict[str, Any]]:
    """Returns a row for what was asked for, detected and decided, each with a cell for each implementation."""
    groups = list(groups)

    def row(title: str, rule: str, anchor: str, said: Callable[[Column], str]) -> dict[str, Any]:
        return {"title": title, "rule": rule, "cells": [_cell(asked, anchor, said) for asked in groups]}

    return [
        row("detected", "", "", lambda column: column.name),
        *(row(point, rule, point, partial(Column.choice, point=point)) for point, rule in _READ_OFF.points.items()),
        row("gradient for the maps", "RA-15", "", lambda column: column.gradients[0][1]),
        row("gradient for the boxes", "RA-16", "", lambda column: column.gradients[1][1]),
        row("not explained", "", "", lambda column: str(len(column.found["unexplained"]) or "")),
    ]


def _cell(asked: list[Column], anchor: str, said: Callable[[Column], str]) -> list[tuple[str, str, str]]:
    """Returns what is said of an implementation: the dialect asked for (if that matters), text, anchor of the evidence."""
    texts = [said(column) for column in asked]
    ends = [f"{column.anchor}-{anchor}" if anchor else column.anchor for column in asked]
    if len(set(texts)) == 1:
        return [("", texts[0], ends[0])]
    return [(column.dialect, text, end) for column, text, end in zip(asked, texts, ends, strict=True)]


class Reader:
    """Finds footprints in the files that have them."""

    def __init__(self, site: Site) -> None:
        """Takes those of the newest file that an implementation is in."""
        self._found: dict[tuple[str, str, str], Mapping[str, Any]] = {}
        for file in site.inputs.footprints:
            for footprint in file.footprints:
                if footprint["operation"] == "forward":
                    self._found[footprint["implementation"], footprint["dialect"], footprint["probe"]] = footprint

    def weights(self, column: Column, probe: str, roi: int, at: tuple[int, int]) -> Array | None:
        """Returns the weights of a bin, ``(H, W)``."""
        found = self._found.get((column.implementation, column.dialect, probe))
        if found is None or "rois" not in found:
            return None
        taps = next(bin_["taps"] for bin_ in found["rois"][roi]["bins"] if tuple(bin_["bin"]) == at)
        weights = np.zeros(_READ_OFF.size)
        for y, x, weight in taps:
            weights[y, x] = float(weight)
        return weights


def evidence(column: Column, reader: Reader) -> list[dict[str, Any]]:
    """Returns, for each decision point, the choice, what rules the others out, and what to draw."""
    shown = []
    for point in _READ_OFF.points:
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


def _figure(column: Column, reader: Reader, point: str, ruled_out: list[dict[str, Any]]) -> str:
    """Returns the drawing of the first choice that a footprint rules out; nothing if none does."""
    own = column.best
    for each in ruled_out:
        where = _WHERE.match(each["where"])
        probe = _PROBES.get(each["probe"])
        if own is None or where is None or probe is None:
            continue
        at = int(where["p"]), int(where["q"])
        read = reader.weights(column, probe.name, int(where["roi"] or 0), at)
        if read is not None:
            from .footprint_figure import Bin, draw

            other = replace(own, **{point: _choice([each["raw"]])})
            choices = f"{point} {column.choice(point)}", f"{point} {each['choice']}"
            return draw(Bin(probe, int(where["roi"] or 0), at), read.tobytes(), own, other, choices)
    return ""
