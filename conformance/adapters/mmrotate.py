"""mmrotate, whose pooler of rotated boxes pools by mmcv's layers.

Facts: ``mmrotate/models/roi_heads/roi_extractors/rotate_single_level_roi_extractor.py`` of 1.0.0rc1, and running it, alone
(`build_mmrotate`) with mmcv 2.2.0.

* The layer is mmcv's ``RoIAlignRotated``, as it makes it by default; ``clockwise``, as mmrotate's configurations have it.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0.
* It is told a stride for each level, and ``finest_scale``, the size that the first level begins with.
* It casts boxes to the data type of the maps itself, and chooses levels in that.
* mmcv's layer reads a map as if it were contiguous: those of levels, which are parts of one array here, are made so.
* Where a level has no box, a sum over its map times zero is added to all outputs: numbers that are not finite spread from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Unsupported
from ..implementation import Description
from ._call import boxes_like_input, require_described
from ._script import FLOATS, OF_MAPS, Boxes, Script, each
from ._torch_gradient import answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.multiscale_roi_align_rotated.call import RotatedPyramidCall


def _can_be_pooled(call: Any) -> None:
    """Raises `Unsupported` unless the pooler can be told of a call."""
    call.single_sampling_ratio()
    if call.boxes.ndim != 2 or call.boxes.shape[1] != 6:
        raise Unsupported("boxes of another shape than six numbers")


class Mmrotate:
    """``RotatedSingleRoIExtractor`` of mmrotate on a CPU."""

    requires: ClassVar[tuple[str, ...]] = ("torch", "mmcv", "mmengine", "mmdet", "mmrotate")
    install: ClassVar[str] = "pip install torch openmim && mim install mmcv mmdet mmrotate"
    clockwise: ClassVar[dict[str, bool]] = {"mmrotate": False, "mmrotate-clockwise": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "multiscale_roi_align_rotated": Script(
            each("clockwise", clockwise),
            Boxes.ROWS,
            FLOATS,
            ("avg",),
            uses_torch=True,
            operations=OF_MAPS,
            require=_can_be_pooled,
        )
    }

    def __init__(self) -> None:
        import mmcv
        import mmrotate
        import torch
        from mmrotate.models.roi_heads.roi_extractors.rotate_single_level_roi_extractor import RotatedSingleRoIExtractor

        self._extractor = RotatedSingleRoIExtractor
        self._description = Description(
            version=f"{mmrotate.__version__} (mmcv {mmcv.__version__}, torch {torch.__version__})",
            homepage="https://github.com/open-mmlab/mmrotate",
            dialects=(),
            operators={name: script.capability(reads_in_place=True) for name, script in self.scripts.items()},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def multiscale_roi_align_rotated(self, call: RotatedPyramidCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the extractor and calls it."""
        require_described(call, self._description)
        _can_be_pooled(call)
        layer = {
            "type": "RoIAlignRotated",
            "output_size": call.output_size,
            "sampling_ratio": call.single_sampling_ratio(),
            "clockwise": self.clockwise[call.dialect],
        }
        strides = [1 / scale for scale in call.scales()]
        channels = call.levels()[0].shape[1]
        extractor = self._extractor(layer, channels, strides, finest_scale=call.finest_size())

        def pool(maps: Any, boxes: Any) -> Any:
            return extractor([level.contiguous() for level in call.levels(maps)], boxes)

        return answer(call, boxes_like_input(call), pool)
