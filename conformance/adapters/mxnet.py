"""MXNet on a CPU.

Facts: the doc string of ``mxnet.nd.contrib.ROIAlign`` of 1.9.1, ``src/operator/contrib/roi_align.cc``, and running it.

* ``aligned`` is a boolean argument, False by default.
* Adaptive sampling is asked for by a ``sample_ratio`` of 0 or less; the default is -1.
* Boxes are ``(K, 5)`` in the data type of the maps, in which the operator also computes. A RoI whose batch index is negative is
  documented to give 0.
* The spatial scale is from 0 to 1.
* There is a gradient for the maps, none for the boxes.

``mxnet.nd.contrib.DeformablePSROIPooling`` takes one number each of bins, groups, parts and samples, and gamma from 0 to 1; it
has gradients for maps and offsets, and 0 for boxes.

``mxnet.nd.contrib.RROIAlign`` takes ``(K, 6)`` boxes, angles in degrees. Its backward is an error.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Unsupported
from ..implementation import Description
from ..operation import Operation
from ._call import (
    boxes_like_input,
    channels_of_output,
    one_side,
    parts_of,
    require_described,
    require_grouped,
    require_selected,
)
from ._script import FLOATS, OF_MAPS, Boxes, Script, each, finishes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from ..operators.deform_ps_roi_pool.call import DeformedPsCall
    from ..operators.ps_roi_align.call import PsRoiAlignCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall


_ENDINGS = finishes(
    "output = pooled.asnumpy()",
    "pooled.backward(mx.nd.array(grad, dtype=grad.dtype))\noutput = maps.grad.asnumpy()",
)


_ENDINGS_OF_OFFSETS = {
    **_ENDINGS,
    Operation.OFFSET_GRADIENT: {
        "finish": "pooled.backward(mx.nd.array(grad, dtype=grad.dtype))\n"
        "output = moves[0].grad.asnumpy()  # the gradient, that is"
    },
}


class MxNet:
    """``mxnet.nd.contrib.ROIAlign``, ``mxnet.nd.ROIPooling``, ``mxnet.nd.contrib.PSROIPooling``, and others."""

    requires: ClassVar[tuple[str, ...]] = ("mxnet",)
    install: ClassVar[str] = 'pip install mxnet "numpy<1.24"'
    aligned: ClassVar[dict[str, bool]] = {"mxnet": False, "mxnet-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned),
            Boxes.ROWS,
            FLOATS,
            ("avg",),
            operations=OF_MAPS,
            endings=_ENDINGS,
        ),
        "roi_pool": Script({"mxnet": {}}, Boxes.ROWS, FLOATS, ("max",), operations=OF_MAPS, endings=_ENDINGS),
        "ps_roi_pool": Script(
            {"mxnet": {}},
            Boxes.ROWS,
            ("float32", "float64"),
            ("avg",),
            operations=OF_MAPS,
            endings=_ENDINGS,
            require=require_selected,
        ),
        "ps_roi_align": Script(
            each("aligned", aligned), Boxes.ROWS, FLOATS, ("avg",), operations=OF_MAPS, endings=_ENDINGS
        ),
        "deform_ps_roi_pool": Script(
            {"mxnet": {}},
            Boxes.ROWS,
            ("float32", "float64"),
            ("avg",),
            operations=(*OF_MAPS, Operation.OFFSET_GRADIENT),
            endings=_ENDINGS_OF_OFFSETS,
            require=require_grouped,
        ),
        "roi_align_rotated": Script({"mxnet": {}}, Boxes.ROWS, ("float32", "float64"), ("avg",)),
    }

    def __init__(self) -> None:
        import mxnet

        self._mxnet = mxnet
        self._description = Description(
            version=mxnet.__version__,
            homepage="https://github.com/apache/mxnet",
            dialects=tuple(self.aligned),
            dtypes=("float16", "float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            operators={name: self.scripts[name].capability() for name in self.scripts if name != "roi_align"},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        return self._aligned(call, position_sensitive=False)

    def ps_roi_align(self, call: PsRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the same operator, told that each bin has channels of its own."""
        return self._aligned(call, position_sensitive=True)

    def _aligned(self, call: RoiAlignCall | PsRoiAlignCall, *, position_sensitive: bool) -> np.ndarray:
        require_described(call, self._description)
        how = {
            "pooled_size": call.output_size,
            "sample_ratio": call.single_sampling_ratio(),
            "position_sensitive": position_sensitive,
            "aligned": self.aligned[call.dialect],
        }
        return self._answer(call, partial(self._mxnet.nd.contrib.ROIAlign, **how))

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        require_described(call, self._description)
        return self._answer(call, partial(self._mxnet.nd.ROIPooling, pooled_size=call.output_size))

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        require_described(call, self._description)
        bins, channels = one_side(call.output_size), channels_of_output(call, call.output_size)
        pool = self._mxnet.nd.contrib.PSROIPooling
        return self._answer(call, partial(pool, output_dim=channels, pooled_size=bins, group_size=bins))

    def deform_ps_roi_pool(self, call: DeformedPsCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays, and goes backward for a gradient."""
        del out
        require_described(call, self._description)
        require_grouped(call)
        if call.single_scale() > 1 or not 0 <= call.gamma <= 1:
            raise Unsupported("a spatial scale, or a gamma, that is not from 0 to 1")
        nd, dtype = self._mxnet.nd, call.input.dtype
        maps, boxes = nd.array(call.input, dtype=dtype), nd.array(boxes_like_input(call), dtype=dtype)
        moves = [] if call.offset is None else [nd.array(call.offset, dtype=dtype)]
        wanted = {Operation.FEATURE_GRADIENT: [maps], Operation.OFFSET_GRADIENT: moves}.get(call.operation, [])
        for array in (maps, *moves) if wanted else ():
            array.attach_grad()
        with self._mxnet.autograd.record(train_mode=True):
            pooled = nd.contrib.DeformablePSROIPooling(
                maps, boxes, *moves, spatial_scale=call.single_scale(),
                output_dim=channels_of_output(call, call.group_size), group_size=call.group_size[0],
                pooled_size=call.output_size[0], part_size=parts_of(call), sample_per_part=call.single_sampling_ratio(),
                trans_std=call.gamma, no_trans=not moves,
            )  # fmt: skip
        if wanted:
            pooled.backward(nd.array(call.grad, dtype=dtype))
            pooled = wanted[0].grad
        result: np.ndarray = pooled.asnumpy()
        return result

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        del out
        require_described(call, self._description)
        if call.operation != Operation.FORWARD:
            raise Unsupported(f"no {call.operation.replace('_', ' ')}")
        if call.single_scale() > 1:
            raise Unsupported("a spatial scale above 1")
        nd, dtype = self._mxnet.nd, call.input.dtype
        maps, boxes = nd.array(call.input, dtype=dtype), nd.array(boxes_like_input(call), dtype=dtype)
        ratio = call.single_sampling_ratio()
        pooled = nd.contrib.RROIAlign(
            maps, boxes, pooled_size=call.output_size, spatial_scale=call.single_scale(), sampling_ratio=ratio
        )
        result: np.ndarray = pooled.asnumpy()
        return result

    def _answer(self, call: RoiAlignCall | RoiPoolCall | PsRoiPoolCall, pool: Callable[..., Any]) -> np.ndarray:
        """Pools, and goes backward for a gradient."""
        if call.single_scale() > 1:
            raise Unsupported("a spatial scale above 1")
        nd, dtype = self._mxnet.nd, call.input.dtype
        maps, boxes = nd.array(call.input, dtype=dtype), nd.array(boxes_like_input(call), dtype=dtype)
        is_gradient = call.operation == Operation.FEATURE_GRADIENT
        if is_gradient:
            maps.attach_grad()
        with self._mxnet.autograd.record(train_mode=True):
            pooled = pool(maps, boxes, spatial_scale=call.single_scale())
        if is_gradient:
            pooled.backward(nd.array(call.grad, dtype=dtype))
            pooled = maps.grad
        result: np.ndarray = pooled.asnumpy()
        return result
