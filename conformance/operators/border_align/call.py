"""A call of BorderAlign, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIDES = 4
"""Top, left, bottom, right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderAlignCall(Call):
    """One call of BorderAlign, or of one of its gradients.

    A case has the maps that the four sides of a channel read one below the other: ``(N, C, 4 H, W)``, top, left, bottom, right.
    So a channel of the output is a channel of these maps, as with other operators. A function is handed what it takes: the maps
    of all channels for the top side, then those for the left, and so on.

    Attributes:
        input: Feature maps, ``(N, 4 C, H, W)`` or ``(N, H, W, 4 C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[batch_index, x1, y1, x2, y2]``, the corners in pixels of the map; float32 for 16-bit maps,
            otherwise the data type of ``input``.
        pool_size: Into how many parts the points of a side divide it.
        mode: ``"max"``.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
        stacked: Whether ``input`` is that of a case yet; then it is made what a function is handed.
    """

    operator: ClassVar[str] = "border_align"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 5", "grad": "K C 4"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C 4",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.BOX_GRADIENT: "K 4",
    }
    sizes: ClassVar[Mapping[str, str]] = {}
    plain_modes: ClassVar[tuple[str, ...]] = ("max",)

    input: np.ndarray
    boxes: np.ndarray
    pool_size: int
    mode: str = "max"
    grad: np.ndarray | None = None
    stacked: bool = True

    def __post_init__(self) -> None:
        """Makes maps of a case those that a function is handed, unless their rows are not as many for each side."""
        if self.stacked and self.input.ndim == 4 and self.input.shape[self._rows] % SIDES == 0:
            object.__setattr__(self, "input", _with_channels_of_sides(self.input, self.layout))
        object.__setattr__(self, "stacked", False)

    @property
    def _rows(self) -> int:
        return 1 if self.layout == "NHWC" else 2

    @property
    def _channels(self) -> int:
        return 3 if self.layout == "NHWC" else 1

    @property
    def output_size(self) -> tuple[int, int]:
        """A row of four bins, the sides."""
        return 1, SIDES

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {"pool_size": arguments["pool_size"], "mode": arguments["mode"]}

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``pool_size`` of mmcv."""
        return (self.pool_size,), {}

    def shape(self) -> tuple[int, ...] | None:
        """The shape of what is asked for, in the call's layout; None if the arguments do not go together."""
        if any(array.ndim != len(self.axes[name].split()) for name, array in self.arrays().items()):
            return None
        channels, rest = divmod(self.input.shape[self._channels], SIDES)
        if rest:
            return None
        if self.operation == Operation.BOX_GRADIENT:
            return len(self.boxes), 4
        last = self.layout == "NHWC"
        if self.operation == Operation.FORWARD:
            return (len(self.boxes), SIDES, channels) if last else (len(self.boxes), channels, SIDES)
        images, rows, columns = (self.input.shape[axis] for axis in ((0, 1, 2) if last else (0, 2, 3)))
        return (images, SIDES * rows, columns, channels) if last else (images, channels, SIDES * rows, columns)

    @classmethod
    def shape_of(cls, arguments: Mapping[str, Any], operation: Operation) -> tuple[int, ...]:
        """The shape of what a call of these arguments returns, in the order of case files; a sparse map is one image.

        Raises:
            ValueError: the maps have not as many rows for each side.
        """
        shape = arguments["input"]["shape"]
        if shape[2] % SIDES:
            raise ValueError(f"{shape[2]} rows are not as many for each side")
        match operation:
            case Operation.FORWARD:
                return len(arguments["boxes"]), shape[1], SIDES
            case Operation.BOX_GRADIENT:
                return len(arguments["boxes"]), 4
            case _:
                return tuple(shape)

    def answered(self, found: np.ndarray) -> np.ndarray:
        """What a function returned as a case has it: a gradient for the maps with those of the sides one below the other."""
        if self.operation != Operation.FEATURE_GRADIENT or found.shape != self.input.shape:
            return found  # if it has another shape, it is judged so
        return self._stacked(found)

    def _stacked(self, gradient: np.ndarray) -> np.ndarray:
        if self.layout == "NHWC":
            images, rows, columns, channels = gradient.shape
            sides = gradient.reshape(images, rows, columns, SIDES, channels // SIDES).transpose(0, 3, 1, 2, 4)
            return sides.reshape(images, SIDES * rows, columns, channels // SIDES)
        images, channels, rows, columns = gradient.shape
        sides = gradient.reshape(images, SIDES, channels // SIDES, rows, columns).transpose(0, 2, 1, 3, 4)
        return sides.reshape(images, channels // SIDES, SIDES * rows, columns)

    @property
    def boxes_of_an_image(self) -> int:
        """How many boxes each image has, if they come image by image and are as many on each; otherwise 0."""
        images, rois = len(self.input), len(self.boxes)
        if not images or rois % images or self.boxes.ndim != 2:
            return 0
        in_order = np.repeat(np.arange(images), rois // images)
        return rois // images if np.array_equal(self.boxes[:, 0], in_order) else 0

    def of_images(self, pool: Callable[[Any], Any], rows: Any) -> Any:
        """What ``pool`` makes of the boxes of each image, for each of some ``rows``, which are an array, or a tensor.

        Raises:
            Unsupported: a box is of no image.
        """
        dense = self.dense()
        shape = dense.boxes.shape
        boxes = rows.new_zeros(shape) if hasattr(rows, "new_zeros") else type(rows)(shape, rows.dtype)
        boxes[...] = 0
        boxes[dense.image, dense.place] = rows[:, 1:]
        found = pool(boxes)
        if getattr(found, "ndim", 0) != 1 + boxes.ndim:
            return found
        by_box = found.permute(0, 2, 1, 3) if hasattr(found, "permute") else found.transpose(0, 2, 1, 3)
        return by_box[dense.image, dense.place]

    def dense(self) -> Dense:
        """The boxes of each image, as many on each, as mmcv takes them.

        Raises:
            Unsupported: a box is of no image.
        """
        images = self.boxes[:, 0]
        if not ((images > -1) & (images < len(self.input))).all():
            raise Unsupported("the index of an image that is not there")
        image = images.astype(np.int64)
        place = np.array([np.count_nonzero(image[:k] == n) for k, n in enumerate(image)], np.int64)
        boxes = np.zeros((len(self.input), int(place.max(initial=-1)) + 1, 4), self.boxes.dtype)
        boxes[image, place] = self.boxes[:, 1:]
        return Dense(image, place, boxes, self.layout == "NHWC")


@dataclass(frozen=True, slots=True)
class Dense:
    """Boxes ``(N, L, 4)``, with zeros where an image has fewer than others; and where the K rows of a call are among them.

    Attributes:
        image, place: Of each row.
        boxes: Those boxes.
        last: Whether channels come last in memory.
    """

    image: np.ndarray
    place: np.ndarray
    boxes: np.ndarray
    last: bool

    def spread(self, grad: np.ndarray) -> np.ndarray:
        """What arrives at ``(N, C, L, 4)`` or ``(N, L, 4, C)``, of what arrives at each row; 0 elsewhere."""
        arriving = np.zeros((*self.boxes.shape[:2], *grad.shape[1:]), grad.dtype)
        arriving[self.image, self.place] = grad
        return arriving if self.last else np.ascontiguousarray(arriving.transpose(0, 2, 1, 3))

    def rows(self, pooled: np.ndarray) -> np.ndarray:
        """What is pooled of each row, of ``(N, C, L, 4)`` or ``(N, L, 4, C)``."""
        by_box = pooled if self.last else pooled.transpose(0, 2, 1, 3)
        return np.ascontiguousarray(by_box[self.image, self.place])

    def of_boxes(self, gradient: np.ndarray) -> np.ndarray:
        """The gradient for each row, of ``(N, L, 4)``."""
        return np.ascontiguousarray(gradient[self.image, self.place])


def _with_channels_of_sides(stacked: np.ndarray, layout: str) -> np.ndarray:
    if layout == "NHWC":
        images, rows, columns, channels = stacked.shape
        sides = stacked.reshape(images, SIDES, rows // SIDES, columns, channels).transpose(0, 2, 3, 1, 4)
        return np.ascontiguousarray(sides).reshape(images, rows // SIDES, columns, SIDES * channels)
    images, channels, rows, columns = stacked.shape
    sides = stacked.reshape(images, channels, SIDES, rows // SIDES, columns).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(sides).reshape(images, SIDES * channels, rows // SIDES, columns)


CALL = BorderAlignCall
