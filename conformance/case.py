"""Golden cases: one call, and what it must return under each dialect. Stored in ``cases/*.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from .implementation import RoiAlignCall, Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DTYPES = ("float16", "bfloat16", "float32", "float64")
LAYOUTS = ("NCHW", "NHWC")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case must return under some dialects.

    Attributes:
        dialects: Names of the dialects.
        dtypes: Data types of the call for which ``output`` holds.
        output: Exact values, ``(K, C, P_h, P_w)`` nested lists; a number, or ``"nan"``, ``"-inf"``, or ``"nonfinite"`` (NaN or
            infinite).
        bound: Greatest error of each element, nested like ``output``; None if the output must be equal bit for bit. An element
            without a bound (None) lies on a discontinuity, where no bound holds.
    """

    dialects: tuple[str, ...]
    dtypes: tuple[str, ...]
    output: Any
    bound: Any = None


@dataclass(frozen=True, slots=True)
class Case:
    """A golden case.

    Attributes:
        id: Never reused for another case.
        group: Column of the result table; the name of the file that holds the case.
        title: What the case asks, in a sentence.
        rules: The rules of ``SPECIFICATION.md`` that it exercises.
        kind: ``"value"``, or ``"invalid"``: the RoIs ``invalid_rois`` must be refused or give NaN.
        memory: ``"contiguous"``, or ``"transposed"``: rows and columns of ``input`` are swapped in memory.
        arguments: The call as the file has it: input, boxes, output_size, spatial_scale, sampling_ratio, mode.
        dtypes: Data types in which the case is run.
        expected: What it must return.
        invalid_rois: Indices of the RoIs that cannot be pooled.
        stages: Intermediate values that the case is known for, if any.
    """

    id: str
    group: str
    title: str
    rules: tuple[str, ...]
    kind: str
    memory: str
    arguments: Mapping[str, Any]
    dtypes: tuple[str, ...]
    expected: tuple[Expectation, ...]
    invalid_rois: tuple[int, ...]
    stages: Mapping[str, Any] | None

    def expectation(self, dialect: str, dtype: str) -> Expectation | None:
        """Returns what the case expects under ``dialect`` in ``dtype``, or None if it says nothing about them."""
        return next((e for e in self.expected if dialect in e.dialects and dtype in e.dtypes), None)

    def call(self, dialect: str, dtype: str, layout: str) -> RoiAlignCall:
        """Returns the case as a call with arrays of ``dtype`` in ``layout``."""
        arguments = self.arguments
        feature = feature_map(arguments["input"]).astype(numpy_dtype(dtype))
        if layout == "NHWC":
            feature = np.ascontiguousarray(feature.transpose(0, 2, 3, 1))
        return RoiAlignCall(
            input=feature,
            boxes=box_rows(arguments["boxes"]).astype("float64" if dtype == "float64" else "float32"),
            output_size=_pair(arguments["output_size"]),
            spatial_scale=_pair(map(float, arguments["spatial_scale"])),
            sampling_ratio=_pair(arguments["sampling_ratio"]),
            mode=arguments["mode"],
            layout=layout,
            dialect=dialect,
        )


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
    """Returns the float64 array ``(N, C, H, W)`` of a case's ``input``: its shape, and its values row by row."""
    values = np.array([float(v) for row in data["rows"] for v in row], dtype=np.float64)
    return values.reshape(data["shape"])


def box_rows(rows: Sequence[Sequence[Any]]) -> np.ndarray:
    """Returns the float64 array ``(K, 5)`` of a case's ``boxes``."""
    return np.array([[float(v) for v in row] for row in rows], dtype=np.float64).reshape(-1, 5)


def in_memory(array: np.ndarray, memory: str) -> np.ndarray:
    """Returns ``array`` (four dimensions) with the strides that ``memory`` asks for."""
    if memory == "contiguous":
        return array
    return np.ascontiguousarray(array.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)


def case_from_json(data: Mapping[str, Any], group: str) -> Case:
    """Returns the case that ``data``, an object of a case file, describes."""
    expected = tuple(
        Expectation(
            dialects=tuple(item["dialects"]),
            dtypes=tuple(item.get("dtypes", data["dtypes"])),
            output=item["output"],
            bound=item.get("bound"),
        )
        for item in data.get("expected", ())
    )
    return Case(
        id=data["id"],
        group=group,
        title=data["title"],
        rules=tuple(data["rules"]),
        kind=data["kind"],
        memory=data.get("memory", "contiguous"),
        arguments=data["arguments"],
        dtypes=tuple(data["dtypes"]),
        expected=expected,
        invalid_rois=tuple(data.get("invalid_rois", ())),
        stages=data.get("stages"),
    )


@cache
def load_cases() -> tuple[Case, ...]:
    """Returns all golden cases, in the order of the files and within them."""
    folder = files(__package__).joinpath("cases")
    cases = []
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name):
        document = json.loads(file.read_text(encoding="utf-8"))
        cases += [case_from_json(item, document["group"]) for item in document["cases"]]
    return tuple(cases)
