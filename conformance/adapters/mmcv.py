"""mmcv on a CPU.

Facts: ``mmcv/ops/roi_align.py``, ``mmcv/ops/roi_align_rotated.py`` and the files of ``mmcv/ops/csrc/pytorch/cpu/`` of these names
of 2.2.0, and running them.

* ``aligned`` is a boolean argument, True by default; False is the dialect ``mmcv-legacy``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0 (the default) or less.
* Boxes are ``(K, 5)`` in the data type of the maps, in which the kernel also computes. The scale passes through a
  float32 whatever that type.
* The kernel reads the maps as if they were contiguous, whatever their strides.
* With ``aligned`` a box of negative extent is refused.
* ``roi_align_rotated`` takes ``(K, 6)`` boxes likewise, angles in radians, and has no mode; ``clockwise`` is False by default.
* ``mmcv/ops/prroi_pool.py`` has an implementation for CUDA alone; a call with tensors on a CPU ends in an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..call import Unsupported
from ..implementation import Capability, Description
from ..operation import Operation
from ._call import boxes_like_input, require_described
from ._script import FLOATS, OF_MAPS, Boxes, Script, each
from ._torch_gradient import answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.prroi_pool.call import PrRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall


class Mmcv:
    """``mmcv.ops.roi_align``."""

    requires: ClassVar[tuple[str, ...]] = ("torch", "mmcv")
    install: ClassVar[str] = "pip install torch openmim && mim install mmcv"
    aligned: ClassVar[dict[str, bool]] = {"mmcv": True, "mmcv-legacy": False}
    turns: ClassVar[Mapping[str, dict[str, bool]]] = {
        "mmcv": {"aligned": True, "clockwise": False},
        "mmcv-clockwise": {"aligned": True, "clockwise": True},
        "mmcv-legacy": {"aligned": False, "clockwise": False},
        "mmcv-legacy-clockwise": {"aligned": False, "clockwise": True},
    }
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(each("aligned", aligned), Boxes.ROWS, FLOATS, uses_torch=True, operations=OF_MAPS),
        "roi_align_rotated": Script(turns, Boxes.ROWS, FLOATS, ("avg",), uses_torch=True, operations=OF_MAPS),
    }

    def __init__(self) -> None:
        import mmcv
        import torch
        from mmcv.ops import roi_align, roi_align_rotated

        self._roi_align, self._rotated = roi_align, roi_align_rotated
        self._description = Description(
            version=f"{mmcv.__version__} (torch {torch.__version__})",
            homepage="https://github.com/open-mmlab/mmcv",
            dialects=tuple(self.aligned),
            modes=("avg", "max"),
            dtypes=("float16", "float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            reads_in_place=True,
            operators={
                "roi_align_rotated": self.scripts["roi_align_rotated"].capability(reads_in_place=True),
                "prroi_pool": Capability(dialects=("mmcv",)),
            },
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do; it takes positional arguments only."""
        require_described(call, self._description)
        scale, ratio, aligned = call.single_scale(), call.single_sampling_ratio(), self.aligned[call.dialect]
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._roi_align(maps, boxes, call.output_size, scale, ratio, call.mode, aligned),
        )

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function, which takes positional arguments only."""
        require_described(call, self._description)
        scale, ratio, how = call.single_scale(), call.single_sampling_ratio(), self.turns[call.dialect]
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._rotated(
                maps, boxes, call.output_size, scale, ratio, how["aligned"], how["clockwise"]
            ),
        )

    def prroi_pool(self, call: PrRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Says that there is nothing to be asked.

        Raises:
            Unsupported: always.
        """
        del call, out
        raise Unsupported("tensors on a CPU: mmcv has kernels of PrRoIPool for CUDA alone")
