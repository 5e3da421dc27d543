"""Calls by which an operator whose bins are whole pixels is read off an implementation, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..arrays import numpy_dtype
from ..call import to_layout
from ..operation import Operation

if TYPE_CHECKING:
    from ..call import Call
    from ..exact.numbers import Array
    from ..findings import Reading, Readings
    from ..operator import Asker

Box = tuple[float, float, float, float]

SIZE = (6, 9)
"""Of most maps, in pixels: not square, so that exchanged axes show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowProbe:
    """A call for the output of some RoIs on one image. An operator says which maps show what a bin reads.

    Attributes:
        name: What is asked.
        boxes: x1, y1, x2, y2 of each RoI, in image pixels.
        output_size: Bins, ``(P_h, P_w)``.
        scale: Feature pixels per image pixel.
        mode: ``"avg"`` or ``"max"``.
        size: Of the maps, in pixels.
        is_malformed: Whether the boxes may do harm: then it is the last call that a worker gets.
    """

    kind: ClassVar[type[Call]]

    name: str
    boxes: tuple[Box, ...]
    output_size: tuple[int, int] = (1, 1)
    scale: float = 1.0
    mode: str
    size: tuple[int, int] = SIZE
    is_malformed: bool = False

    @property
    def maps(self) -> Array:
        """The maps, ``(C, H, W)``, float64."""
        raise NotImplementedError

    @property
    def channels(self) -> int:
        """Of the output."""
        return len(self.maps)

    @property
    def grad(self) -> Array:
        """What arrives at the bins, ``(K, C_out, P_h, P_w)``: whole numbers."""
        shape = len(self.boxes), self.channels, *self.output_size
        return (np.arange(np.prod(shape)) % 13 + 1.0).reshape(shape)

    @property
    def arguments(self) -> dict[str, Any]:
        """The call, as a case has it."""
        return {
            "input": _rows(self.maps[None]),
            "grad": _rows(self.grad),
            "boxes": [[0, *box] for box in self.boxes],
            "output_size": list(self.output_size),
            "spatial_scale": [self.scale, self.scale],
            "mode": self.mode,
        }

    def forward(self, dialect: str, dtype: str, layout: str) -> Any:
        """The call for the output."""
        return self.kind(  # type: ignore[call-arg]  # of an operator
            input=_as(self.maps[None], dtype, layout),
            boxes=np.array([(0.0, *box) for box in self.boxes], "float64" if dtype == "float64" else "float32"),
            output_size=self.output_size,
            spatial_scale=(self.scale, self.scale),
            mode=self.mode,
            layout=layout,
            dialect=dialect,
        )

    def backward(self, dialect: str, dtype: str, layout: str) -> Any:
        """The call for the gradient, in which the bins send different numbers."""
        call = self.forward(dialect, dtype, layout)
        return replace(call, operation=Operation.FEATURE_GRADIENT, grad=_as(self.grad, dtype, layout))


def _rows(array: Array) -> dict[str, Any]:
    """An array of a case file, which has names for what is not finite."""
    rows = array.reshape(-1, array.shape[-1]).tolist()
    return {"shape": list(array.shape), "rows": [[v if np.isfinite(v) else str(v) for v in row] for row in rows]}


def _as(array: Array, dtype: str, layout: str) -> Array:
    """A ``(N, C, H, W)`` array in a data type and layout."""
    return np.ascontiguousarray(to_layout(array, "N C H W", layout)).astype(numpy_dtype(dtype))


# ---- what is asked ---------------------------------------------------------------------------------------------------


def read(asker: Asker, probe: WindowProbe, readings: Readings) -> None:
    """Adds what a probe gives, forward and, if there is one, backward."""
    readings.forward[probe] = _output(asker, probe)
    is_finite = bool(np.isfinite(probe.maps).all())
    if readings.forward[probe].values is not None and is_finite and Operation.FEATURE_GRADIENT in asker.operations:
        call = probe.backward(asker.dialect, asker.dtype, asker.layout)
        readings.backward[probe] = asker.ask(call, (1, *probe.maps.shape))


def _output(asker: Asker, probe: WindowProbe) -> Reading:
    return asker.ask(probe.forward(asker.dialect, asker.dtype, asker.layout), probe.grad.shape)


def warm_up(asker: Asker, probe: WindowProbe, readings: Readings) -> None:
    """Makes an ordinary call whose output is of the size of a malformed probe's."""
    answered = (other for other, reading in readings.forward.items() if reading.values is not None)
    if ordinary := next((other for other in answered if other.mode == probe.mode), None):
        _output(asker, replace(ordinary, output_size=probe.output_size))
