"""What an adapter says of its library for scripts that reproduce a case: what to fill into its template, what it cannot do.

None of it needs the library: scripts are written where it is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from ..call import DTYPES, Unsupported
from ..implementation import Capability
from ..operation import Operation
from ._call import boxes_like_input, corners_and_indices, float32_scale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Fields = dict[str, Any]
    """What is filled into a template."""

FLOATS = ("float32", "float64", "float16")
ALL = (*FLOATS, "bfloat16")
OF_MAPS = (Operation.FORWARD, Operation.FEATURE_GRADIENT)
OF_BOXES = (*OF_MAPS, Operation.BOX_GRADIENT)


class Boxes(Enum):
    """How a library takes boxes."""

    ROWS = auto()
    """``(K, 5)``, the batch index first, in the data type of the maps."""
    WIDE_ROWS = auto()
    """``(K, 5)``, in float32 with maps of 16 bits."""
    CORNERS = auto()
    """``(K, 4)``, in the data type of the maps, and the batch indices apart."""
    BY_IMAGE = auto()
    """The same, for images that are there: the library sees no batch indices."""


def _anything(call: Any) -> None:
    del call


def _unchanged(fields: Fields, dtype: str) -> Fields:
    del dtype
    return fields


@dataclass(frozen=True, slots=True)
class Script:
    """What scripts that call an operator of a library need to know of it.

    Attributes:
        dialects: What each of its dialects fills into its template.
        boxes: How it takes boxes.
        dtypes: Its data types, the one to choose first.
        modes: Its modes.
        pairs: Whether what is said of each axis, such as scales, may differ between the axes.
        uses_torch: Whether its arrays are PyTorch's, so that NumPy need not know bfloat16.
        operations: What it can be asked for.
        spellings: What each mode fills into its template.
        endings: What each operation fills into its template; if there is nothing, its arrays are PyTorch's or NumPy's.
        model: The template of a model that the library runs; empty if it needs none.
        require: Raises `Unsupported` for calls that it cannot make for another reason than all these.
        in_dtype: What a dialect fills in, given what it does in general, in a data type; raises `Unsupported` if nothing does.
    """

    dialects: Mapping[str, Fields]
    boxes: Boxes
    dtypes: tuple[str, ...]
    modes: tuple[str, ...] = ("avg", "max")
    pairs: bool = False
    uses_torch: bool = False
    operations: tuple[Operation, ...] = (Operation.FORWARD,)
    spellings: Mapping[str, Fields] = field(default_factory=dict)
    endings: Mapping[Operation, Fields] = field(default_factory=dict)
    model: str = ""
    require: Callable[[Any], None] = _anything
    in_dtype: Callable[[Fields, str], Fields] = _unchanged

    def check(self, call: Any) -> None:
        """Raises `Unsupported` if the library cannot make ``call``."""
        if call.operation not in self.operations:
            raise Unsupported(f"no {call.operation.replace('_', ' ')}")
        if call.mode not in self.modes:
            raise Unsupported(f"mode {call.mode}")
        if not self.pairs:
            _require_one_for_both_axes(call)
        self.require(call)
        if self.boxes == Boxes.ROWS:
            boxes_like_input(call)
        if self.boxes in (Boxes.CORNERS, Boxes.BY_IMAGE):
            _, indices = corners_and_indices(call)
            if self.boxes == Boxes.BY_IMAGE and not all(0 <= index < len(call.input) for index in indices):
                raise Unsupported("the index of an image that is not there")
            if not self.pairs:
                float32_scale(call)

    def fields(self, dialect: str, dtype: str) -> Fields:
        """What ``dialect`` fills into the template; raises `Unsupported` if it cannot be had in ``dtype``."""
        return self.in_dtype(self.dialects[dialect], dtype)

    def capability(
        self, layouts: tuple[str, ...] = ("NCHW",), *, reads_in_place: bool = False, threads: bool = False
    ) -> Capability:
        """What an adapter whose library is loaded says of the operator."""
        return Capability(
            dialects=tuple(self.dialects),
            modes=self.modes,
            dtypes=tuple(dtype for dtype in DTYPES if dtype in self.dtypes),
            layouts=layouts,
            operations=tuple(map(str, self.operations)),
            reads_in_place=reads_in_place,
            threads=threads,
        )


def _require_one_for_both_axes(call: Any) -> None:
    for name, value in call.parameters().items():
        if isinstance(value, tuple) and name not in call.sizes and value[0] != value[1]:
            raise Unsupported(f"one {name.replace('_', ' ')} for both axes")


def each(key: str, choices: Mapping[str, object]) -> Mapping[str, Fields]:
    """What each dialect fills in, where it is a choice of one argument."""
    return {dialect: {key: choice} for dialect, choice in choices.items()}


def for_modes(key: str, avg: str, maximum: str) -> Mapping[str, Fields]:
    """What each mode fills in."""
    return {"avg": {key: avg}, "max": {key: maximum}}


def finishes(output: str, gradient: str) -> Mapping[Operation, Fields]:
    """The statements that make ``output``, of the output and of the gradient for maps."""
    return {
        Operation.FORWARD: {"finish": output},
        Operation.FEATURE_GRADIENT: {"finish": f"{gradient}  # the gradient, that is"},
    }
