"""Faults of memory: an array is read as if it lay in memory otherwise than it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import operators
from ..arranging import BESIDE, WAYS, arranged
from ..arrays import box_rows, feature_map
from ..exact.numbers import as_float64
from ..operation import Operation
from .launch_faults import Fault, as_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..cases.case import Case
    from ..operator import Operator
    from .launch_faults import Output

_UNREAD = ("read-only",)  # whose numbers lie where they are looked for
_TIED = ("input", "expanded", Operation.FEATURE_GRADIENT)  # of equal pixels nobody can say which has the gradient


def misread(array: np.ndarray, way: str) -> np.ndarray:
    """What is read of an array in memory by who starts where it starts, and takes its elements to follow each other.

    One that is shifted, or misaligned, is read from where its first element would be aligned; one in foreign byte order, in ours.
    """
    if way == "foreign":
        return arranged(array, way).view(array.dtype)
    if way == "misaligned":
        memory = np.concatenate([np.zeros(1, np.uint8), np.ascontiguousarray(array).reshape(-1).view(np.uint8)])
        return memory[: array.nbytes].view(array.dtype).reshape(array.shape)
    given = arranged(array, way)
    memory = given
    while isinstance(memory.base, np.ndarray):
        memory = memory.base
    start = (given.__array_interface__["data"][0] - memory.__array_interface__["data"][0]) // array.itemsize
    start -= way == "shifted"
    follows = np.concatenate([memory.ravel("K"), np.full(array.size, BESIDE, array.dtype)])
    return follows[start : start + array.size].reshape(array.shape)


def _misread(name: str, way: str, dialect: str) -> Output:
    def returned(case: Case, values: np.ndarray) -> np.ndarray | None:
        if case.arranged.get(name) != way:
            return None
        data = case.arguments[name]
        is_rows = name in operators.call_type(case.operator).coordinates
        read = misread(box_rows(data) if is_rows else feature_map(data), way)
        changed = {**case.arguments, name: read.tolist() if is_rows else as_rows(read)}
        operator = operators.get(case.operator)
        exact = operator.oracle.values(changed, case.operation, operator.dialects[dialect].for_mode(case.mode))
        return as_float64(exact).reshape(values.shape)

    return returned


def _is_read(operator: Operator, operation: Operation, name: str) -> bool:
    """Whether an operation depends on the numbers of an array.

    Of a gradient for maps only that of a maximum does on theirs, and of one for weights on theirs: others are of sums.
    """
    if operation == Operation.FORWARD:
        return name != "grad"
    own = {Operation.FEATURE_GRADIENT: "input", Operation.WEIGHT_GRADIENT: "weights"}.get(operation)
    return name != own or "max" in operator.modes


def faults(operator: Operator, dialect: str) -> Iterator[Fault]:
    """All faults of memory of an operator, under a dialect."""
    for operation in operator.operations:
        for name in operator.call.axes:
            if not _is_read(operator, operation, name):
                continue
            for way in WAYS:
                if way not in _UNREAD and (name, way, operation) != _TIED:
                    yield Fault(
                        f"{name} that is {way} is read as if it were not", 0, operation, _misread(name, way, dialect)
                    )
