"""detectron2, whose ROIAlign calls torchvision's, and whose ROIAlignRotated is its own C++.

Facts: ``detectron2/layers/roi_align.py`` of 0.6, ``roi_align_rotated.py`` and its sources of 2026-06, and running them, alone
(`build_detectron2`) with torchvision 0.29.1.

* ``aligned`` is a boolean argument of the ``ROIAlign`` module, True by default; False is ``detectron2-legacy``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0.
* ``ROIPooler`` is told a scale for each level, and takes boxes by image; its type says whether ``aligned``.
* The output of several levels is made of as many columns of bins as rows; levels below 0 are refused.
* The module casts ``(K, 5)`` boxes to the data type of the maps itself.
* ``ROIAlignRotated`` takes ``(K, 6)`` boxes, angles in degrees, and is always shifted by half a pixel. float16 is computed in
  float32. Where its C++ is not compiled there is no rotated operator.
* The pooler keeps boxes in float32. With maps in float64 the layer of upright boxes casts them; that of rotated ones refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Unsupported
from ..implementation import Description
from ..operation import Operation
from ._call import one_side, require_described
from ._poolers import by_image
from ._script import FLOATS, OF_MAPS, Boxes, Script, each
from ._torch_gradient import answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall
    from ..operators.multiscale_roi_align_rotated.call import RotatedPyramidCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall


def _can_be_pooled(call: Any) -> None:
    """Raises `Unsupported` unless the pooler can be told of a call: see above."""
    call.single_sampling_ratio()
    if call.first_level() < 0:
        raise Unsupported("a first map of more pixels than the image has")
    if len(call.level_sizes) > 1:
        one_side(call.output_size)


class Detectron2:
    """``detectron2.layers.ROIAlign`` and ``ROIAlignRotated``, and ``ROIPooler`` over both, on a CPU."""

    requires: ClassVar[tuple[str, ...]] = ("torch", "torchvision", "detectron2")
    install: ClassVar[str] = "pip install --no-build-isolation git+https://github.com/facebookresearch/detectron2"
    aligned: ClassVar[dict[str, bool]] = {"detectron2": True, "detectron2-legacy": False}
    poolers: ClassVar[dict[str, str]] = {"detectron2": "ROIAlignV2", "detectron2-legacy": "ROIAlign"}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned), Boxes.ROWS, FLOATS, ("avg",), uses_torch=True, operations=OF_MAPS
        ),
        "multiscale_roi_align": Script(
            each("pooler", poolers),
            Boxes.BY_IMAGE,
            FLOATS,
            ("avg",),
            pairs=True,
            uses_torch=True,
            operations=OF_MAPS,
            require=_can_be_pooled,
        ),
        "roi_align_rotated": Script(
            {"detectron2": {}}, Boxes.WIDE_ROWS, FLOATS, ("avg",), uses_torch=True, operations=OF_MAPS
        ),
        "multiscale_roi_align_rotated": Script(
            {"detectron2": {}},
            Boxes.BY_IMAGE,
            ("float32", "float16"),
            ("avg",),
            pairs=True,
            uses_torch=True,
            operations=OF_MAPS,
            require=_can_be_pooled,
        ),
    }

    def __init__(self) -> None:
        import detectron2
        import torch
        import torchvision
        from detectron2 import layers, structures
        from detectron2.modeling.poolers import ROIPooler

        self._layers, self._structures, self._pooler = layers, structures, ROIPooler
        has_rotated = hasattr(torch.ops.detectron2, "roi_align_rotated_forward")
        operators = [name for name in self.scripts if name != "roi_align" and (has_rotated or "rotated" not in name)]
        self._description = Description(
            version=f"{detectron2.__version__} (torchvision {torchvision.__version__}, torch {torch.__version__})",
            homepage="https://github.com/facebookresearch/detectron2",
            dialects=tuple(self.aligned),
            dtypes=("float16", "float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            reads_in_place=True,
            operators={name: self.scripts[name].capability(reads_in_place=True) for name in operators},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the module and calls it."""
        require_described(call, self._description)
        scale, ratio = call.single_scale(), call.single_sampling_ratio()
        module = self._layers.ROIAlign(call.output_size, scale, ratio, aligned=self.aligned[call.dialect])
        return answer(call, call.boxes, module)

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the module and calls it."""
        require_described(call, self._description)
        module = self._layers.ROIAlignRotated(call.output_size, call.single_scale(), call.single_sampling_ratio())
        return answer(call, call.boxes, module)

    def multiscale_roi_align(self, call: MultiscaleRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the pooler and calls it."""
        return self._pool(call, self.poolers[call.dialect], self._structures.Boxes, 5)

    def multiscale_roi_align_rotated(self, call: RotatedPyramidCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the pooler and calls it."""
        return self._pool(call, "ROIAlignRotated", self._structures.RotatedBoxes, 6)

    def _pool(self, call: MultiscaleRoiAlignCall, kind: str, of_image: Any, columns: int) -> np.ndarray:
        require_described(call, self._description)
        _can_be_pooled(call)
        pooler = self._pooler(
            call.output_size, call.scales(), call.single_sampling_ratio(), kind,
            canonical_box_size=call.canonical_size, canonical_level=call.canonical_level,
        )  # fmt: skip

        def pool(maps: list[Any], boxes: list[Any]) -> Any:
            return pooler(maps, [of_image(each) for each in boxes])

        return answer(call, call.boxes, by_image(call, pool, columns))
