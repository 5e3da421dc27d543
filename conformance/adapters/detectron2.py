"""detectron2, whose ROIAlign calls torchvision's.

Facts: ``detectron2/layers/roi_align.py`` of 0.6, and running it, alone (`build_detectron2`) with torchvision 0.29.1.

* ``aligned`` is a boolean argument of the ``ROIAlign`` module, True by default; False is ``detectron2-legacy``.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0.
* ``ROIPooler`` is told a scale for each level, and takes boxes by image; its type says whether ``aligned``.
* The output of several levels is made of as many columns of bins as rows; levels below 0 are refused.
* The module casts ``(K, 5)`` boxes to the data type of the maps itself.
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
    from ..operators.roi_align.call import RoiAlignCall


def _can_be_pooled(call: Any) -> None:
    """Raises `Unsupported` unless the pooler can be told of a call: see above."""
    call.single_sampling_ratio()
    if call.first_level() < 0:
        raise Unsupported("a first map of more pixels than the image has")
    if len(call.level_sizes) > 1:
        one_side(call.output_size)


class Detectron2:
    """``detectron2.layers.ROIAlign`` on a CPU."""

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
    }

    def __init__(self) -> None:
        import detectron2
        import torch
        import torchvision
        from detectron2.layers import ROIAlign
        from detectron2.modeling.poolers import ROIPooler
        from detectron2.structures import Boxes as OfImage

        self._module, self._pooler, self._boxes = ROIAlign, ROIPooler, OfImage
        self._description = Description(
            version=f"{detectron2.__version__} (torchvision {torchvision.__version__}, torch {torch.__version__})",
            homepage="https://github.com/facebookresearch/detectron2",
            dialects=tuple(self.aligned),
            dtypes=("float16", "float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            reads_in_place=True,
            operators={"multiscale_roi_align": self.scripts["multiscale_roi_align"].capability(reads_in_place=True)},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the module and calls it."""
        require_described(call, self._description)
        scale, ratio = call.single_scale(), call.single_sampling_ratio()
        module = self._module(call.output_size, scale, ratio, aligned=self.aligned[call.dialect])
        return answer(call, call.boxes, module)

    def multiscale_roi_align(self, call: MultiscaleRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the pooler and calls it."""
        require_described(call, self._description)
        _can_be_pooled(call)
        pooler = self._pooler(
            call.output_size, call.scales(), call.single_sampling_ratio(), self.poolers[call.dialect],
            canonical_box_size=call.canonical_size, canonical_level=call.canonical_level,
        )  # fmt: skip

        def pool(maps: list[Any], boxes: list[Any]) -> Any:
            return pooler(maps, [self._boxes(corners) for corners in boxes])

        return answer(call, call.boxes, by_image(call, pool))
