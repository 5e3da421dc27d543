"""TensorFlow on a CPU. It has no RoIAlign; one is composed of ``crop_and_resize``, as its users do.

Facts: the doc string of ``tf.image.crop_and_resize`` of 2.21.0, and running it.

* Each sample of RoIAlign is one pixel of a crop of ``P_h g_h × P_w g_w`` pixels; a pooling layer with a window of
  ``g_h × g_w`` makes bins of them. So there is no adaptive sampling, and no least extent: the nearest dialect is
  ``torchvision-aligned``.
* Boxes are rows ``y1, x1, y2, x2``, the first and the last pixel of the crop as fractions of ``H - 1`` and ``W - 1``: a map
  of one row or column cannot be had, and coordinates are rounded once more than anywhere else.
* A sample below 0 or above ``H - 1`` is 0.
* Maps are in NHWC; the result is float32.
* Both the maps and the boxes have a gradient.

``crop_and_resize`` itself takes boxes and gives results in float32 whatever the image is of: other types are not offered. What it
makes of boxes that are not finite is only asked of the output: both gradients end the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..call import Unsupported
from ..implementation import Capability, Description
from ..operation import Operation
from ._call import corners_and_indices, require_described
from ._script import OF_BOXES, Boxes, Script, finishes, for_modes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import tensorflow as tf

    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.roi_align.call import RoiAlignCall


def _require_fixed_sampling(call: RoiAlignCall) -> None:
    if any(ratio <= 0 for ratio in call.sampling_ratio):
        raise Unsupported("adaptive sampling")


class TensorFlow:
    """``tf.image.crop_and_resize`` and ``tf.nn.pool``."""

    requires: ClassVar[tuple[str, ...]] = ("tensorflow",)
    install: ClassVar[str] = "pip install tensorflow-cpu"
    dialect: ClassVar[str] = "torchvision-aligned"
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            {dialect: {}},
            Boxes.CORNERS,
            ("float32",),
            pairs=True,
            operations=OF_BOXES,
            spellings=for_modes("pooling", "AVG", "MAX"),
            endings={
                **finishes(
                    "output = pooled.numpy().transpose(0, 3, 1, 2)",
                    "sent = tf.constant(grad.transpose(0, 2, 3, 1))\n"
                    "gradient = tf.convert_to_tensor(tape.gradient(pooled, maps, sent))\n"
                    "output = gradient.numpy().transpose(0, 3, 1, 2)",
                ),
                Operation.BOX_GRADIENT: {
                    "finish": "sent = tf.constant(grad.transpose(0, 2, 3, 1))\n"
                    "output = tf.convert_to_tensor(tape.gradient(pooled, rois, sent)).numpy()"
                },
            },
            require=_require_fixed_sampling,
        ),
        "crop_and_resize": Script(
            {"tensorflow": {}},
            Boxes.CORNERS,
            ("float32",),
            ("bilinear", "nearest"),
            pairs=True,
            operations=OF_BOXES,
            endings={
                Operation.FORWARD: {"finish": "output = crops.numpy().transpose(0, 3, 1, 2)"},
                **{
                    operation: {"finish": f"sent = tf.constant(grad.transpose(0, 2, 3, 1))\n{finish}"}
                    for operation, finish in (
                        (
                            Operation.FEATURE_GRADIENT,
                            "output = tf.convert_to_tensor(tape.gradient(crops, image, sent)).numpy().transpose(0, 3, 1, 2)",
                        ),
                        (
                            Operation.BOX_GRADIENT,
                            "output = tf.convert_to_tensor(tape.gradient(crops, rois, sent)).numpy()",
                        ),
                    )
                },
            },
        ),
    }

    def __init__(self) -> None:
        import tensorflow as tf

        self._tf = tf
        self._description = Description(
            version=tf.__version__,
            homepage="https://www.tensorflow.org",
            dialects=(self.dialect,),
            modes=("avg", "max"),
            layouts=("NHWC",),
            operations=OF_BOXES,
            operators={
                "crop_and_resize": Capability(
                    dialects=("tensorflow",),
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
        """Crops and pools; a gradient is that of automatic differentiation."""
        require_described(call, self._description)
        _require_fixed_sampling(call)
        if 1 in call.input.shape[1:3]:
            raise Unsupported("maps of one row or column")
        corners, indices = corners_and_indices(call)
        maps, boxes = self._tf.constant(call.input), self._tf.constant(corners)
        wanted = boxes if call.operation == Operation.BOX_GRADIENT else maps
        with self._tf.GradientTape() as tape:
            tape.watch(wanted)
            pooled = self._pool(call, maps, boxes, indices.astype(np.int32))
        if call.operation != Operation.FORWARD:
            pooled = tape.gradient(pooled, wanted, self._tf.constant(call.grad))
        result: np.ndarray = self._tf.convert_to_tensor(pooled).numpy()
        return result

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Crops; a gradient is that of automatic differentiation."""
        del out
        require_described(call, self._description)
        corners, indices = call.split()
        image, boxes = self._tf.constant(call.input), self._tf.constant(corners)
        wanted = boxes if call.operation == Operation.BOX_GRADIENT else image
        how = (call.output_size, call.mode, call.extrapolation_value)
        with self._tf.GradientTape() as tape:
            tape.watch(wanted)
            crops = self._tf.image.crop_and_resize(image, boxes, indices, *how)
        if call.operation != Operation.FORWARD:
            crops = tape.gradient(crops, wanted, self._tf.constant(call.grad))
        result: np.ndarray = self._tf.convert_to_tensor(crops).numpy()
        return result

    def _pool(self, call: RoiAlignCall, maps: tf.Tensor, boxes: tf.Tensor, indices: np.ndarray) -> Any:
        """The output for boxes ``x1, y1, x2, y2`` in image pixels."""
        scale_y, scale_x = call.spatial_scale
        starts = boxes[:, 1::-1] * (scale_y, scale_x) - 0.5  # y, x
        extents = boxes[:, 3:1:-1] * (scale_y, scale_x) - 0.5 - starts
        crop = [bins * samples for bins, samples in zip(call.output_size, call.sampling_ratio, strict=True)]
        half = extents / (2 * np.array(crop, np.float32))
        most = np.array(call.input.shape[1:3], np.float32) - 1
        fractions = self._tf.concat([(starts + half) / most, (starts + extents - half) / most], 1)
        samples = self._tf.image.crop_and_resize(maps, fractions, indices, crop)
        kind = call.mode.upper()
        return self._tf.nn.pool(samples, call.sampling_ratio, kind, call.sampling_ratio, "VALID")
