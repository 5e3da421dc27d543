"""Calls of real sizes from small ones: how a large call repeats the images, channels and RoIs of a small one.

Pooling treats every RoI, every channel and every image by itself, and is linear in the map. So what a large call must return
follows from what a small one must, by a rule, and neither is stored in full nor taken from a run. Of a small call with N₀
images, C₀ channels and K₀ RoIs,

* image n of the large call is image n mod N₀, and channel c is channel c mod C₀, times 1, 2, 4, 8, 16, 1, 2 … as c div C₀ counts;
* RoI k is RoI k mod K₀, and lies on another image each time: on b + N₀ · (k div K₀ mod N div N₀), if it lay on b;
* what arrives at RoI k and channel c is what arrives at RoI k mod K₀ and channel c mod C₀.

Products with powers of two take no bits of a significand. The small numbers are prime to all powers of two, if the small call is
chosen well: then an index that was cut to 8 or 16 bits, or runs over a tile again, finds something else.

Gradients add up over RoIs, or over channels. Their small answers are those of the large call already: what each of the images, or
of the RoIs, that are alike gets in all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .call import MAP_GRADIENTS
from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

MULTIPLES = (1, 2, 4, 8, 16)
"""By what the repetitions of a channel are multiplied, in turn."""

_COORDINATES = "boxes"


class Enlarged(NamedTuple):
    """The images, channels and RoIs of a large call: N, C and K."""

    images: int
    channels: int
    rois: int

    @property
    def extents(self) -> Mapping[str, int]:
        """By the names of axes."""
        return {"N": self.images, "C": self.channels, "K": self.rois}

    def shape(self, shape: tuple[int, ...], axes: str) -> tuple[int, ...]:
        """The shape of an array in the large call, from that in the small one."""
        return tuple(self.extents.get(name, size) for name, size in zip(axes.split(), shape, strict=True))

    def argument(self, name: str, array: np.ndarray, axes: str, images: int) -> np.ndarray:
        """An array that the large call takes, from that of the small one, which has so many images."""
        repeated = self._repeated(array, axes)
        if name == _COORDINATES:
            count = max(self.images // images, 1)
            repeated[:, 0] += images * (np.arange(self.rois) // len(array) % count)
        elif axes.startswith("N C"):
            repeated *= self._multiples(array, axes)
        return repeated

    def answer(self, array: np.ndarray, axes: str, operation: Operation) -> np.ndarray:
        """What the large call returns, from what the small one does; in units of the same multiples if these are bounds."""
        repeated = self._repeated(array, axes)
        if operation == Operation.FORWARD:
            repeated *= self._multiples(array, axes)
        elif operation in MAP_GRADIENTS:
            repeated[max(self.images // len(array), 1) * len(array) :] = 0  # no RoI lies there
        return repeated

    def sent(self, operation: Operation, images: int, channels: int, rois: int) -> int:
        """How often what is sent back through a RoI of a small call arrives at a pixel, or at the RoI.

        Raises:
            ValueError: not at all of them as often.
        """
        if operation == Operation.WEIGHT_GRADIENT:  # what RoIs send, of all channels
            parts = Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT
            return math.prod(self.sent(part, images, channels, rois) for part in parts)
        if operation == Operation.FEATURE_GRADIENT:
            count, rest = divmod(self.rois, rois * max(self.images // images, 1))
        elif operation == Operation.BOX_GRADIENT:
            rounds, rest = divmod(self.channels, channels * len(MULTIPLES))
            count = rounds * sum(MULTIPLES)
            if channels == 1 and rest:
                count, rest = int(self.multiples(channels).sum()), 0
        else:
            return 1
        if rest:
            raise ValueError(
                f"{self} does not repeat all of {images} images, {channels} channels, {rois} RoIs as often"
            )
        return count

    def multiples(self, channels: int) -> np.ndarray:
        """By what each channel is multiplied, if the small call has so many."""
        return np.array(MULTIPLES)[np.arange(self.channels) // channels % len(MULTIPLES)]

    def _multiples(self, array: np.ndarray, axes: str) -> np.ndarray:
        place = axes.split().index("C")
        return self.multiples(array.shape[place]).reshape([-1 if axis == place else 1 for axis in range(array.ndim)])

    def _repeated(self, array: np.ndarray, axes: str) -> np.ndarray:
        for place, name in enumerate(axes.split()):
            if name in self.extents:
                array = array.take(np.arange(self.extents[name]) % array.shape[place], place)
        return array


def enlarged_from(data: Mapping[str, Any]) -> Enlarged | None:
    """How a case of a file is enlarged; None if it is not."""
    given = data.get("enlarged")
    return None if given is None else Enlarged(given["images"], given["channels"], given["rois"])
