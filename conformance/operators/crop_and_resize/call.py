"""A call of crop_and_resize, as adapters receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ...call import Call, Unsupported
from ...operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping


class Split(NamedTuple):
    """Boxes as libraries take them: ``(K, 4)`` rows ``[y1, x1, y2, x2]``, a view of the call's, and ``(K,)`` indices (int32)."""

    corners: np.ndarray
    indices: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class CropAndResizeCall(Call):
    """One call of crop_and_resize, or of one of its gradients.

    Attributes:
        input: Images, ``(N, C, H, W)`` or ``(N, H, W, C)`` as ``layout`` says. May have any strides.
        boxes: ``(K, 5)`` rows ``[image, y1, x1, y2, x2]``, the corners as fractions of H − 1 and W − 1; float32 for 16-bit
            images, otherwise the data type of ``input``. Libraries take the image apart: `split`.
        output_size: ``(P_h, P_w)``, the points along each axis: TensorFlow's ``crop_size``.
        mode: ``"bilinear"`` or ``"nearest"``: TensorFlow's ``method``.
        extrapolation_value: Of points outside the image.
        grad: For a gradient, the one that arrives at the output: of the output's shape, layout and data type.
    """

    operator: ClassVar[str] = "crop_and_resize"
    axes: ClassVar[Mapping[str, str]] = {"input": "N C H W", "boxes": "K 5", "grad": "K C P_h P_w"}
    answers: ClassVar[Mapping[Operation, str]] = {
        Operation.FORWARD: "K C P_h P_w",
        Operation.FEATURE_GRADIENT: "N C H W",
        Operation.BOX_GRADIENT: "K 4",
    }
    plain_modes: ClassVar[tuple[str, ...]] = ("bilinear", "nearest")
    corners: ClassVar[str] = "y1, x1, y2, x2"
    """What the numbers of a box are, after its image."""

    input: np.ndarray
    boxes: np.ndarray
    output_size: tuple[int, int]
    mode: str = "bilinear"
    extrapolation_value: float = 0.0
    grad: np.ndarray | None = None

    @classmethod
    def parameters_of(cls, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of the arguments of a case."""
        return {
            "output_size": tuple(arguments["output_size"]),
            "mode": arguments["mode"],
            "extrapolation_value": float(arguments["extrapolation_value"]),
        }

    def plain_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """``output_size, mode, extrapolation_value``, after images and ``(K, 5)`` boxes."""
        return (self.output_size, self.mode, self.extrapolation_value), {}

    def single_scale(self) -> float:
        """1: fractions of the image need no scale."""
        return 1.0

    def split(self) -> Split:
        """The corners, and the images that they lie on, whose fractions are left out."""
        if not (np.abs(self.boxes[:, 0]) < 2.0**31).all():
            raise Unsupported("the index of an image that is no number of 32 bits")
        return Split(self.boxes[:, 1:], self.boxes[:, 0].astype(np.int32))


CALL = CropAndResizeCall
