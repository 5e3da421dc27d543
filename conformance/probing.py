"""Operators that are read off an implementation by calls as cases have them, each held against the exact answer.

What a probe asks for may be a gradient: where a decision point shows in nothing else.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .arrays import box_rows, feature_map, numpy_dtype
from .call import to_layout
from .deduction import Detective, compare, prediction_of
from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .call import Call
    from .deduction import Prediction
    from .exact.numbers import Array
    from .findings import Choice, Derivative, Detection, Reading, Readings
    from .operator import Answer, Asker

    Predictions = Callable[..., tuple[Prediction, ...]]

_PRIME = 61  # of which the pixels of maps are no multiples


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProbe(ABC):
    """A call on one image.

    Attributes:
        name: What is asked.
        boxes: Of each RoI the numbers that follow its image in a row.
        output_size: ``(P_h, P_w)``, or of the axes that the operator has.
        size: Of the maps, in pixels.
        mode: Of the call.
        operation: What of it decides.
        is_malformed: Whether the boxes may do harm: then it is the last call that a worker gets.
    """

    name: str
    boxes: tuple[tuple[float, ...], ...]
    output_size: tuple[int, ...]
    size: tuple[int, ...]
    mode: str
    operation: Operation = Operation.FORWARD
    is_malformed: bool = False

    corners: ClassVar[tuple[str, ...]] = ("x1", "y1", "x2", "y2")
    """What the numbers of a box are."""

    @property
    def maps(self) -> Array:
        """Two maps ``(C, H, W)``, float64: whole numbers in no order, none of them 0."""
        generic = generic_map(self.size)
        return np.stack([generic, np.flip(generic)])

    @property
    def outputs(self) -> int:
        """How many channels the output has."""
        return len(self.maps)

    @property
    def arguments(self) -> dict[str, Any]:
        """The call, as a case has it."""
        shape = len(self.boxes), self.outputs, *self.output_size
        return {
            "input": rows_of(self.maps[None]),
            "grad": rows_of(arriving(shape)),
            "boxes": [[0, *box] for box in self.boxes],
            "output_size": list(self.output_size),
            "mode": self.mode,
            **self.parameters,
        }

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """What else the operator is told."""


def generic_map(size: tuple[int, ...]) -> Array:
    """A map of float64: whole numbers in no order, none of them 0."""
    found: Array = ((np.arange(math.prod(size)) * 37 + 11) % _PRIME + 1.0).reshape(size)
    return found


def arriving(shape: tuple[int, ...]) -> Array:
    """What arrives at an output of a shape: small whole numbers."""
    found: Array = (np.arange(math.prod(shape)) % 13 + 1.0).reshape(shape)
    return found


def rows_of(array: Array) -> dict[str, Any]:
    """An array of a case file."""
    return {"shape": list(array.shape), "rows": array.reshape(-1, array.shape[-1]).tolist()}


# ---- asking ----------------------------------------------------------------------------------------------------------


def call_of(kind: type[Call], probe: CallProbe, operation: Operation, asker: Asker) -> Call:
    """The call of a probe, as it is asked of somebody."""
    arguments = probe.arguments
    given: dict[str, Any] = {"operation": operation, "dialect": asker.dialect, "layout": asker.layout}
    given["boxes"] = box_rows(arguments["boxes"]).astype("float64" if asker.dtype == "float64" else "float32")
    idle = ("boxes", "grad") if operation == Operation.FORWARD else ("boxes",)
    for name in (name for name in kind.axes if name in arguments and name not in idle):
        array = to_layout(feature_map(arguments[name]).astype(numpy_dtype(asker.dtype)), kind.axes[name], asker.layout)
        given[name] = np.ascontiguousarray(array)
    return kind(**given, **kind.parameters_of(arguments))


class CallProbes(ABC):
    """How a dialect is read off an implementation by calls."""

    kind: ClassVar[type[Call]]
    points: Mapping[str, str]
    size: tuple[int, int]
    """Of the maps of footprints, of which nobody reads any here."""

    @property
    @abstractmethod
    def probes(self) -> Sequence[CallProbe]:
        """All of them."""

    def offered(self, modes: Sequence[str]) -> list[Any]:
        """The probes of the modes that an implementation has."""
        return [probe for probe in self.probes if probe.mode in modes]

    def read(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Adds what a probe gives; of an output the gradients, too, as far as there are any."""
        if probe.operation not in asker.operations:
            return
        found = readings.forward[probe] = self._ask(asker, probe, probe.operation)
        if found.values is None or probe.operation != Operation.FORWARD:
            return
        gradients = {Operation.FEATURE_GRADIENT: readings.backward, Operation.BOX_GRADIENT: readings.box_backward}
        for operation, kept in gradients.items():
            if operation in asker.operations:
                kept[probe] = self._ask(asker, probe, operation)

    def _ask(self, asker: Asker, probe: CallProbe, operation: Operation) -> Reading:
        shape = self.kind.shape_of(probe.arguments, operation)
        return asker.ask(call_of(self.kind, probe, operation, asker), shape)

    def warm_up(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Makes an ordinary call whose output is of the size of a malformed probe's."""
        answered = (other for other, reading in readings.forward.items() if reading.values is not None)
        if ordinary := next((other for other in answered if self.are_alike(probe, other)), None):
            self._ask(asker, replace(ordinary, output_size=probe.output_size), probe.operation)

    def are_alike(self, probe: Any, other: Any) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""
        return (probe.mode, probe.operation) == (other.mode, other.operation)

    @property
    def _decision(self) -> Any:
        """The module ``decision`` beside this one, which needs the oracle: it is loaded when it is asked."""
        return import_module(".decision", type(self).__module__)

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings say."""
        found: Detection = self._decision.detect(readings.forward, dtype)
        return found

    @property
    def predictions(self) -> Predictions:
        """What a probe may give under a dialect, in a data type, of an operation."""
        found: Predictions = self._decision.predictions
        return found

    def derivatives(self, readings: Readings, best: Any, dtype: str) -> tuple[Derivative, Derivative]:
        """Whether the gradients for maps, and for boxes, are those of the outputs: of the dialect that fits best."""
        for_maps = compare(readings, best, dtype, self.predictions)
        return for_maps, compare(readings, best, dtype, self.predictions, Operation.BOX_GRADIENT)

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """Nothing: no weights are read."""
        del readings
        return iter(())


def predictions_by(answer_in: Callable[..., Answer | None]) -> Predictions:
    """What probes may give, by an oracle that has one answer to a call, or none, in a data type."""

    @cache
    def predictions(
        probe: CallProbe, dialect: Any, dtype: str, operation: Operation | None = None
    ) -> tuple[Prediction, ...]:
        answer = answer_in(probe.arguments, operation or probe.operation, dialect, dtype)
        return (prediction_of(answer),) if answer else ()

    return predictions


# ---- deciding --------------------------------------------------------------------------------------------------------


def combinations(dialect: type[Any], **only: Sequence[Any]) -> tuple[Any, ...]:
    """Every combination of choices of a vocabulary that has nothing but enums; of a point in ``only``, of those choices."""
    kinds: dict[str, Any] = {field.name: type(getattr(dialect(), field.name)) for field in fields(dialect)}
    choices: list[tuple[Any, ...]] = [tuple(only.get(name, kind)) for name, kind in kinds.items()]
    return tuple(dialect(**dict(zip(kinds, each, strict=True))) for each in itertools.product(*choices))


@dataclass(frozen=True)
class CallDetective(Detective):
    """What follows from the answers to calls."""

    candidates: ClassVar[tuple[Any, ...]]
    """Every combination of choices."""
    shown_by: ClassVar[Mapping[str, Callable[[Any], bool]]]
    """For each decision point the probes that it shows in."""

    @cached_property
    def remaining(self) -> list[Any]:
        """The combinations that predict most of the readings."""
        scores = [sum(self.fits(probe, each) is True for probe in self.values) for each in self.candidates]
        return [each for each, score in zip(self.candidates, scores, strict=True) if score == max(scores)]

    @cached_property
    def explained(self) -> list[Any]:
        """The readings that some combination of choices predicts."""
        return [probe for probe in self.values if any(self.fits(probe, each) is True for each in self.candidates)]

    def left(self, point: str) -> tuple[Choice, ...]:
        """The choices that remain at a decision point; none if it shows in nothing that was read and explained."""
        if not any(self.shown_by[point](probe) for probe in self.explained):
            return ()
        return tuple(dict.fromkeys(getattr(dialect, point) for dialect in self.remaining))
