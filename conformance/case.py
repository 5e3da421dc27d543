"""Golden cases: one call, and what it must return under each dialect. Stored in ``cases/*.json``."""

from __future__ import annotations

import json
import math
import mmap
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from .implementation import Operation, RoiAlignCall, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

DTYPES = ("float16", "bfloat16", "float32", "float64")
LAYOUTS = ("NCHW", "NHWC")
SPARSE_ELEMENTS = 2**31 + 2**20
"""How many elements, at least, a sparse map has: more than a 32-bit index can count."""


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


def leaves(values: Any) -> Iterator[Any]:
    """Yields the elements of nested lists."""
    if isinstance(values, list):
        for value in values:
            yield from leaves(value)
    else:
        yield values


def sparse_images(shape: Sequence[int]) -> int:
    """Returns how many images of this shape, C × H × W, are more than a 32-bit index can count the elements of."""
    return math.ceil(SPARSE_ELEMENTS / math.prod(shape))


def shape_of(arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
    """Returns the shape of what a call of these arguments returns, all images of a sparse map being one."""
    rois, shape = len(arguments["boxes"]), arguments["input"]["shape"]
    match operation:
        case Operation.FORWARD:
            return (rois, shape[1], *arguments["output_size"])
        case Operation.FEATURE_GRADIENT:
            return tuple(shape)
        case Operation.BOX_GRADIENT:
            return (rois, 4)


def _pair(values: Iterable[Any]) -> tuple[Any, Any]:
    first, second = values
    return first, second


def numpy_dtype(name: str) -> np.dtype[Any]:
    """Returns the NumPy data type called ``name``.

    Raises:
        Unsupported: it is bfloat16, and the package ml_dtypes, which defines it for NumPy, is not installed.
    """
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise Unsupported("bfloat16 without the package ml_dtypes") from None
    dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return dtype


def feature_map(data: Mapping[str, Any]) -> np.ndarray:
    """Returns the float64 array ``(N, C, H, W)`` of a case's ``input`` or ``grad``: its shape, and its values row by row."""
    values = np.array([float(v) for row in data["rows"] for v in row], dtype=np.float64)
    return values.reshape(data["shape"])


def box_rows(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """Returns the float64 array of a case's ``boxes``: ``(K, 5)``, unless the case is about boxes of another shape."""
    width = len(rows[0]) if rows else 5
    return np.array([[float(v) for v in row] for row in rows], dtype=np.float64).reshape(-1, width)


def in_memory(array: np.ndarray, memory: str) -> np.ndarray:
    """Returns ``array`` (four dimensions) in the memory that ``memory`` asks for.

    Raises:
        Unsupported: this machine has not enough memory for a sparse map.
    """
    if memory == "transposed":
        return np.ascontiguousarray(array.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)
    if memory != "sparse":
        return array
    images = sparse_images(array.shape[1:])
    try:
        # Pages that nobody touches take no memory; those of calloc are touched where malloc is told to fill what it hands out.
        pages = mmap.mmap(-1, images * array[0].nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError):
        raise Unsupported(f"maps of {images * array[0].nbytes / 2**30:.0f} GiB on this machine") from None
    maps = np.frombuffer(pages, array.dtype).reshape(images, *array.shape[1:])
    maps[-1] = array[-1]
    return maps


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
    folder = files(__package__).joinpath("cases")
    cases = []
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name):
        cases += cases_of(json.loads(file.read_text(encoding="utf-8")))
    return tuple(cases)
