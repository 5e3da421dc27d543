"""Golden cases: one call, and what it must return under each dialect. Stored in ``cases/*.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operators
from ..arrays import box_rows, feature_map, numpy_dtype, sparse_images
from ..operator import Operation
from ..operators.roi_align.call import RoiAlignCall, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An output that a case allows.

    Attributes:
        output: Exact values as nested lists, of the shape that `Case.shape` gives; a number, or ``"nan"``, ``"-inf"``, or
            ``"nonfinite"`` (NaN or infinite).
        bound: Greatest error of each element, nested like ``output``; None if the output must be equal bit for bit. An element
            without a bound (None) lies on a discontinuity, where no bound holds.
    """

    output: Any
    bound: Any = None


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


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A golden case.

    Attributes:
        id: Never reused for another case.
        group: Column of the result table; the name of the file that holds the case.
        title: What the case asks, in a sentence.
        rules: The rules of ``SPECIFICATION.md`` that it exercises.
        kind: ``"value"``; ``"invalid"``: the RoIs ``invalid_rois`` must be refused or give NaN; ``"error"``: the call must be
            refused; ``"property"``: several answers must go together as `properties` says, whatever they are.
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
    """

    id: str
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

    @property
    def mode(self) -> str:
        """``"avg"`` or ``"max"``."""
        mode: str = self.arguments["mode"]
        return mode

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what must be returned: ``(K, C, P_h, P_w)``; ``(N, C, H, W)`` or ``(K, 4)`` for a gradient."""
        return shape_of(self.arguments, self.operation)

    def expectation(self, dialect: str, dtype: str) -> Expectation | None:
        """Returns what the case expects under ``dialect`` in ``dtype``, or None if it says nothing about them."""
        return next((e for e in self.expected if dialect in e.dialects and dtype in e.dtypes), None)

    def call(self, dialect: str, dtype: str, layout: str) -> RoiAlignCall:
        """Returns the case as a call with arrays of ``dtype`` in ``layout``."""
        arguments = self.arguments

        def array(data: Mapping[str, Any]) -> np.ndarray:
            values = feature_map(data).astype(numpy_dtype(dtype))
            moved = values.transpose(0, 2, 3, 1) if layout == "NHWC" and values.ndim == 4 else values
            return np.ascontiguousarray(moved)

        return RoiAlignCall(
            operation=self.operation,
            input=array(arguments["input"]),
            grad=array(arguments["grad"]) if "grad" in arguments else None,
            boxes=self._boxes().astype("float64" if dtype == "float64" else "float32"),
            output_size=_pair(arguments["output_size"]),
            spatial_scale=_pair(map(float, arguments["spatial_scale"])),
            sampling_ratio=_pair(arguments["sampling_ratio"]),
            mode=arguments["mode"],
            layout=layout,
            dialect=dialect,
        )

    def _boxes(self) -> np.ndarray:
        boxes = box_rows(self.arguments["boxes"])
        if self.memory == "sparse":
            boxes[:, 0] += sparse_images(self.arguments["input"]["shape"][1:]) - 1
        return boxes


def _pair(values: Iterable[Any]) -> tuple[Any, Any]:
    first, second = values
    return first, second


def case_from_json(data: Mapping[str, Any], group: str, edition: str) -> Case:
    """Returns the case that ``data``, an object of a case file, describes."""
    expected = tuple(
        Expectation(
            dialects=tuple(item["dialects"]),
            dtypes=tuple(item.get("dtypes", data["dtypes"])),
            answers=tuple(Answer(a.get("output"), a.get("bound")) for a in (item, *item.get("or", ()))),
        )
        for item in data.get("expected", ())
    )
    return Case(
        id=data["id"],
        group=group,
        title=data["title"],
        rules=tuple(data["rules"]),
        kind=data["kind"],
        operation=Operation(data.get("operation", Operation.FORWARD)),
        relation=data.get("relation", ""),
        memory=data.get("memory", "contiguous"),
        arguments=data["arguments"],
        dtypes=tuple(data["dtypes"]),
        expected=expected,
        invalid_rois=tuple(data.get("invalid_rois", ())),
        stages=data.get("stages"),
        source=data.get("source", ""),
        edition=data.get("edition", edition),
    )


def cases_of(document: Mapping[str, Any]) -> list[Case]:
    """Returns the cases of a case file."""
    return [case_from_json(item, document["group"], document["edition"]) for item in document["cases"]]


@cache
def load_cases() -> tuple[Case, ...]:
    """Returns all golden cases, in the order of the files and within them."""
    return tuple(case for file in case_files() for case in cases_of(json.loads(file.read_text(encoding="utf-8"))))


def case_files() -> list[Traversable]:
    """The case files of all operators, by operator and name."""
    folders = [operators.folder(name).joinpath("cases") for name in operators.NAMES]
    return [
        file
        for folder in folders
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".json")
    ]
