"""Paddle on a CPU.

Facts: ``paddle/vision/ops.py`` of 3.3.1, and running it.

* ``aligned`` is a boolean argument, True by default; False is ``paddle-legacy``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0 or less; the default is -1.
* Boxes are ``(K, 4)`` in the data type of the maps, sorted by image, with the number of those of each image: an image
  that is not there cannot be named.
* There is a gradient for the maps, none for the boxes.
* ``psroi_pool`` refuses an output of one channel.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..call import Unsupported
from ..implementation import Description
from ..operation import Operation
from ._call import corners_and_indices, require_described
from ._script import OF_MAPS, Boxes, Script, each, finishes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import paddle

    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall


_ENDINGS = finishes(
    "output = pooled.numpy()[np.argsort(order)]",
    "pooled.backward(paddle.to_tensor(grad[order]))\noutput = maps.grad.numpy()",
)


def _require_channels(call: PsRoiPoolCall) -> None:
    if call.input.shape[1] <= math.prod(call.output_size):
        raise Unsupported("an output of one channel, or of none")


class Paddle:
    """``paddle.vision.ops.roi_align``, ``roi_pool`` and ``psroi_pool``."""

    requires: ClassVar[tuple[str, ...]] = ("paddle",)
    install: ClassVar[str] = "pip install paddlepaddle"
    aligned: ClassVar[dict[str, bool]] = {"paddle": True, "paddle-legacy": False}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned),
            Boxes.BY_IMAGE,
            ("float32", "float64"),
            ("avg",),
            operations=OF_MAPS,
            endings=_ENDINGS,
        ),
        "roi_pool": Script(
            {"paddle": {}}, Boxes.BY_IMAGE, ("float32", "float64"), ("max",), operations=OF_MAPS, endings=_ENDINGS
        ),
        "ps_roi_pool": Script(
            {"paddle": {}},
            Boxes.BY_IMAGE,
            ("float32", "float64"),
            ("avg",),
            operations=OF_MAPS,
            endings=_ENDINGS,
            require=_require_channels,
        ),
    }

    def __init__(self) -> None:
        import paddle
        from paddle.vision.ops import psroi_pool, roi_align, roi_pool

        paddle.set_device("cpu")
        self._roi_align, self._roi_pool, self._psroi_pool = roi_align, roi_pool, psroi_pool
        self._description = Description(
            version=paddle.__version__,
            homepage="https://github.com/PaddlePaddle/Paddle",
            dialects=tuple(self.aligned),
            dtypes=("float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            operators={name: self.scripts[name].capability() for name in ("roi_pool", "ps_roi_pool")},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function with copies of the arrays."""
        require_described(call, self._description)
        ratio, aligned = call.single_sampling_ratio(), self.aligned[call.dialect]
        return self._answer(call, partial(self._roi_align, sampling_ratio=ratio, aligned=aligned))

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function with copies of the arrays."""
        require_described(call, self._description)
        return self._answer(call, self._roi_pool)

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function with copies of the arrays."""
        require_described(call, self._description)
        _require_channels(call)
        return self._answer(call, self._psroi_pool)

    def _answer(
        self, call: RoiAlignCall | RoiPoolCall | PsRoiPoolCall, pool: Callable[..., paddle.Tensor]
    ) -> np.ndarray:
        """Pools with the boxes sorted by image, and puts the rows back into the order of the call."""
        import paddle

        corners, indices = corners_and_indices(call)
        if not ((indices >= 0) & (indices < len(call.input))).all():
            raise Unsupported("the index of an image that is not there")
        order = np.argsort(indices, kind="stable")
        maps = paddle.to_tensor(np.ascontiguousarray(call.input), stop_gradient=call.operation == Operation.FORWARD)
        counts = np.bincount(indices, minlength=len(call.input)).astype(np.int32)
        given = paddle.to_tensor(corners[order]), paddle.to_tensor(counts)
        pooled = pool(maps, *given, call.output_size, spatial_scale=call.single_scale())
        if call.operation == Operation.FORWARD:
            result = np.empty(tuple(pooled.shape), call.input.dtype)
            result[order] = pooled.numpy()
            return result
        assert call.grad is not None
        pooled.backward(paddle.to_tensor(call.grad[order]))
        gradient: np.ndarray = maps.grad.numpy()
        return gradient
