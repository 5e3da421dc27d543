"""MindSpore on a CPU.

Facts: the doc string of ``mindspore.ops.ROIAlign`` of 2.10.0, and running it.

* There is no ``aligned``, but ``roi_end_mode``: 1, the default, adds 1 to the second corner before scaling; 0 does not.
* Adaptive sampling is asked for by a ``sample_num`` of 0 or less; the default is 2.
* Boxes are ``(K, 5)`` in the data type of the maps.
* There is a gradient for the maps, none for the boxes.

``mindspore.ops.CropAndResize`` takes NHWC images and float32 boxes, and gives float32. Of its methods ``bilinear_v2`` is another
operator. Images and boxes have a gradient.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Capability, Description
from ..operation import Operation
from ._call import boxes_like_input, require_described
from ._script import OF_BOXES, OF_MAPS, Boxes, Script, each, finishes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.roi_align.call import RoiAlignCall


class MindSpore:
    """``mindspore.ops.ROIAlign``, run eagerly."""

    requires: ClassVar[tuple[str, ...]] = ("mindspore",)
    install: ClassVar[str] = 'pip install mindspore "numpy<2"'
    roi_end_mode: ClassVar[dict[str, int]] = {"mindspore": 1, "mindspore-end-mode-0": 0}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("roi_end_mode", roi_end_mode),
            Boxes.ROWS,
            ("float32", "float16"),
            ("avg",),
            operations=OF_MAPS,
            endings=finishes(
                "output = roi_align(maps, rois).asnumpy()",
                "gradient = mindspore.ops.GradOperation(sens_param=True)(lambda maps: roi_align(maps, rois))\n"
                "output = gradient(maps, mindspore.Tensor(grad)).asnumpy()",
            ),
        ),
        "crop_and_resize": Script(
            {"mindspore": {}},
            Boxes.CORNERS,
            ("float32",),
            ("bilinear", "nearest"),
            pairs=True,
            operations=OF_BOXES,
            endings={
                Operation.FORWARD: {"finish": "output = crop(image, rois).asnumpy().transpose(0, 3, 1, 2)"},
                Operation.FEATURE_GRADIENT: {
                    "finish": "gradient = mindspore.ops.GradOperation(sens_param=True)(lambda image: crop(image, rois))\n"
                    "output = gradient(image, sent(grad)).asnumpy().transpose(0, 3, 1, 2)"
                },
                Operation.BOX_GRADIENT: {
                    "finish": "gradient = mindspore.ops.GradOperation(sens_param=True)(lambda rois: crop(image, rois))\n"
                    "output = gradient(rois, sent(grad)).asnumpy()"
                },
            },
        ),
    }

    def __init__(self) -> None:
        import mindspore

        mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
        mindspore.set_device("CPU")
        self._mindspore = mindspore
        self._operator = lru_cache(maxsize=256)(mindspore.ops.ROIAlign)
        self._crop = lru_cache(maxsize=256)(mindspore.ops.CropAndResize)
        self._gradient = mindspore.ops.GradOperation(sens_param=True)
        self._description = Description(
            version=mindspore.__version__,
            homepage="https://www.mindspore.cn",
            dialects=tuple(self.roi_end_mode),
            dtypes=("float16", "float32"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
            operators={
                "crop_and_resize": Capability(
                    dialects=("mindspore",),
                    modes=("bilinear", "nearest"),
                    layouts=("NHWC",),
                    operations=OF_BOXES,
                )
            },
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        require_described(call, self._description)
        scale, ratio = call.single_scale(), call.single_sampling_ratio()
        operator = self._operator(*call.output_size, scale, ratio, self.roi_end_mode[call.dialect])
        maps, boxes = self._tensor(call.input), self._tensor(boxes_like_input(call))
        if call.operation == Operation.FORWARD:
            result = operator(maps, boxes)
        else:
            assert call.grad is not None
            result = self._gradient(lambda maps: operator(maps, boxes))(maps, self._tensor(call.grad))
        array: np.ndarray = result.asnumpy()
        return array

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator with copies of the arrays."""
        del out
        require_described(call, self._description)
        operator = self._crop(call.mode, call.extrapolation_value)
        corners, indices = (self._tensor(array) for array in call.split())
        image = self._tensor(call.input)
        if call.operation == Operation.FORWARD:
            result = operator(image, corners, indices, call.output_size)
        else:
            assert call.grad is not None
            of_boxes = call.operation == Operation.BOX_GRADIENT

            def crop(wanted: Any) -> Any:
                given = (image, wanted) if of_boxes else (wanted, corners)
                return operator(*given, indices, call.output_size)

            result = self._gradient(crop)(corners if of_boxes else image, self._tensor(call.grad))
        array: np.ndarray = result.asnumpy()
        return array

    def _tensor(self, array: np.ndarray) -> Any:
        return self._mindspore.Tensor(np.ascontiguousarray(array))
