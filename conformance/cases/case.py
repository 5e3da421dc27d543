"""Golden cases: one call, and what it must return under each dialect. Stored in ``cases/*.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import operators
from ..arranging import MAY_BE_REFUSED
from ..arrays import box_rows, feature_map, numpy_dtype, sparse_images
from ..call import to_layout
from ..enlarging import Enlarged, enlarged_from
from ..operation import Operation
from ..operator import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from ..call import Call


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What a case must return under some dialects.

    Attributes:
        dialects: Names of the dialects.
        dtypes: Data types of the call for which the answers hold.
        answers: The exact answer; and, where rounding decides which branch of a rule is taken, those of the other branches, of
            which any one will do as a whole.
    """

    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    answers: tuple[Answer, ...]

    @property
    def output(self) -> Any:
        """The exact answer's values."""
        return self.answers[0].output

    @property
    def bound(self) -> Any:
        """The exact answer's bounds."""
        return self.answers[0].bound


class Step(NamedTuple):
    """A call like that of a case, but for one argument.

    Attributes:
        changed: What is another, in words.
        arguments: Those of its arguments that differ.
        expected: What it must return.
    """

    changed: str
    arguments: Mapping[str, Any]
    expected: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A golden case.

    Attributes:
        id: Never reused for another case.
        operator: The name of the operator.
        group: Column of the result table; the name of the file that holds the case.
        title: What the case asks, in a sentence.
        rules: The rules of the operator's chapter that it exercises.
        kind: ``"value"``; ``"invalid"``: the RoIs ``invalid_rois`` must be refused or give NaN; ``"error"``: the call must be
            refused; ``"property"``: several answers must go together as `properties` says, whatever they are; or one of those
            that are several calls, each with its answer (`history`).
        operation: What is asked for: the output, or a gradient.
        relation: For a property, its name in `properties`.
        memory: ``"contiguous"``; ``"transposed"``: rows and columns of ``input`` are swapped in memory; ``"sparse"``: ``input``
            is the last of very many images (`in_memory`), all others being 0; that is the one which boxes call 0.
        arguments: The call as the file has it: input, boxes, output_size, spatial_scale, sampling_ratio, mode; and for a
            gradient ``grad``, the one that arrives at the output; for a property that needs one ``step``.
        dtypes: Data types in which the case is run.
        expected: What it must return.
        invalid_rois: Indices of the RoIs that cannot be pooled.
        stages: Intermediate values that the case is known for, if any.
        source: Where numbers for this call have been published, if anywhere.
        edition: Year and month since when there has been this case, ``"2026-11"``.
        size: How large the call is: one of `SIZES`.
        enlarged: How the call repeats that of ``arguments`` and ``expected``; None if they are the call itself.
        arranged: How arrays lie in memory that are not contiguous: by name one of the `arranging.WAYS`.
        steps: Of a case that is several calls, those beside that of ``arguments``.
        threads: By how many threads they are made.
    """

    id: str
    operator: str
    group: str
    title: str
    rules: tuple[str, ...]
    kind: str
    operation: Operation
    relation: str
    memory: str
    arguments: Mapping[str, Any]
    dtypes: tuple[str, ...]
    expected: tuple[Expectation, ...]
    invalid_rois: tuple[int, ...]
    stages: Mapping[str, Any] | None
    source: str
    edition: str
    size: str = "small"
    enlarged: Enlarged | None = None
    arranged: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    threads: int = 0

    @property
    def mode(self) -> str:
        """What becomes of the samples of a bin, ``"avg"`` or ``"max"``; empty if the operator has no modes."""
        mode: str = self.arguments.get("mode", "")
        return mode

    @property
    def modes(self) -> set[str]:
        """The modes of all its calls; none if the operator has no modes."""
        return {self.mode, *(step.arguments.get("mode", self.mode) for step in self.steps)} - {""}

    @property
    def may_be_refused(self) -> bool:
        """Whether an error that says so is as good as an answer."""
        return bool(set(self.arranged.values()) & set(MAY_BE_REFUSED))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what must be returned, in the order of axes that case files have."""
        return self.enlarged.shape(self.stated_shape, self.answer_axes) if self.enlarged else self.stated_shape

    @property
    def stated_shape(self) -> tuple[int, ...]:
        """The shape of what is ``expected``."""
        return operators.call_type(self.operator).shape_of(self.arguments, self.operation)

    @property
    def answer_axes(self) -> str:
        """The axes of what must be returned: ``"K C P_h P_w"``."""
        return operators.call_type(self.operator).answers[self.operation]

    def expectation(self, dialect: str, dtype: str) -> Expectation | None:
        """What the case expects under ``dialect`` in ``dtype``, or None if it says nothing about them."""
        return _of(self.expected, dialect, dtype)

    def says(self, dialect: str, dtype: str) -> bool:
        """Whether there is something to expect of all its calls under ``dialect`` in ``dtype``."""
        return all(_of(each, dialect, dtype) for each in (self.expected, *(step.expected for step in self.steps)))

    def call(self, dialect: str, dtype: str, layout: str) -> Call:
        """The case as a call with arrays of ``dtype`` in ``layout``."""
        kind = operators.call_type(self.operator)
        given: dict[str, Any] = {"operation": self.operation, "dialect": dialect, "layout": layout}
        for name in kind.axes.keys() & self.arguments.keys():
            given[name] = self._array(name, kind, dtype, layout)
        return kind(**given, **kind.parameters_of(self.arguments))

    def _array(self, name: str, kind: type[Call], dtype: str, layout: str) -> np.ndarray:
        data = self.arguments[name]
        is_rows = name in kind.coordinates
        values = box_rows(data, kind.row_length(name)) if is_rows else feature_map(data)
        if self.enlarged:
            values = self.enlarged.argument(name, values, kind.axes[name], self.arguments["input"]["shape"][0])
        if is_rows:
            if self.memory == "sparse":
                values[:, 0] += sparse_images(self.arguments["input"]["shape"][1:]) - 1
            return values.astype("float64" if dtype == "float64" else "float32")
        return np.ascontiguousarray(to_layout(values.astype(numpy_dtype(dtype)), kind.axes[name], layout))


def _of(expected: Iterable[Expectation], dialect: str, dtype: str) -> Expectation | None:
    return next((e for e in expected if dialect in e.dialects and dtype in e.dtypes), None)


SIZES = ("small", "real", "huge")
"""How large the calls of cases are, each size with those before it: toys; those of use; those that take gigabytes or minutes."""


class Origin(NamedTuple):
    """What a file says of all its cases."""

    group: str
    edition: str
    operator: str


def case_from_json(data: Mapping[str, Any], origin: Origin) -> Case:
    """The case that ``data``, an object of a case file, describes."""
    dtypes = tuple(data["dtypes"])
    steps = (
        Step(s["changed"], s["arguments"], _expected(s.get("expected", ()), dtypes)) for s in data.get("steps", ())
    )
    return Case(
        id=data["id"],
        group=origin.group,
        operator=origin.operator,
        title=data["title"],
        rules=tuple(data["rules"]),
        kind=data["kind"],
        operation=Operation(data.get("operation", Operation.FORWARD)),
        relation=data.get("relation", ""),
        memory=data.get("memory", "contiguous"),
        arguments=data["arguments"],
        dtypes=dtypes,
        expected=_expected(data.get("expected", ()), dtypes),
        invalid_rois=tuple(data.get("invalid_rois", ())),
        stages=data.get("stages"),
        source=data.get("source", ""),
        edition=data.get("edition", origin.edition),
        size=data.get("size", "small"),
        enlarged=enlarged_from(data),
        arranged=data.get("arranged", {}),
        steps=tuple(steps),
        threads=data.get("threads", 0),
    )


def _expected(entries: Iterable[Mapping[str, Any]], dtypes: tuple[str, ...]) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            dialects=tuple(entry["dialects"]),
            dtypes=tuple(entry.get("dtypes", dtypes)),
            answers=tuple(Answer(a.get("output"), a.get("bound")) for a in (entry, *entry.get("or", ()))),
        )
        for entry in entries
    )


def cases_of(document: Mapping[str, Any]) -> list[Case]:
    """The cases of a case file; those of one that names no operator are of RoIAlign."""
    origin = Origin(document["group"], document["edition"], document.get("operator", operators.DEFAULT))
    return [case_from_json(item, origin) for item in document["cases"]]


@cache
def load_cases() -> tuple[Case, ...]:
    """All golden cases, in the order of the files and within them."""
    return tuple(case for file in case_files() for case in cases_of(json.loads(file.read_text(encoding="utf-8"))))


def up_to(size: str, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those of some cases whose calls are not larger than a size."""
    return tuple(case for case in cases if SIZES.index(case.size) <= SIZES.index(size))


def case_files(*names: str) -> list[Traversable]:
    """The case files of some operators, or of all, by operator and name."""
    folders = [operators.folder(name).joinpath("cases") for name in names or operators.NAMES]
    return [
        file
        for folder in folders
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    ]
