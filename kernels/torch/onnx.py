"""RoIAlign as a node of ONNX, where ONNX can say it: one level, and a dialect that is one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ..kernels import Dialect, named_dialect
from .dispatch import decoded
from .tracing import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .registration import How

_OPSET = 16
_MODES = {"onnx-16": "half_pixel", "onnx-16-output-half-pixel": "output_half_pixel"}
"""By named dialect what ONNX calls it: ``coordinate_transformation_mode``."""


def node(maps: Sequence[torch.Tensor], boxes: torch.Tensor, size: tuple[int, int], how: How) -> torch.Tensor:
    """The output of a node RoiAlign.

    Raises:
        NotImplementedError: ONNX has no such node.
    """
    if len(maps) > 1:
        refuse("its RoiAlign pools from one map, and not from that of a level")
    if boxes.dtype != maps[0].dtype:
        refuse(f"its boxes are of the data type of the maps, not {boxes.dtype} with {maps[0].dtype}")
    attributes = _attributes(how, size)
    first = maps[0].permute(0, 3, 1, 2) if how.layout == "NHWC" else maps[0]
    images = boxes[:, 0].to(torch.int64)
    if torch.jit.is_tracing():
        output: torch.Tensor = _Node.apply(first, boxes[:, 1:], images, boxes, how, size, attributes)
    else:
        shape = (boxes.shape[0], first.shape[1], *size)
        output = torch.onnx.ops.symbolic(
            "RoiAlign", (first, boxes[:, 1:], images), attributes, dtype=first.dtype, shape=shape, version=_OPSET
        )
    return output.permute(0, 2, 3, 1) if how.layout == "NHWC" else output


def _attributes(how: How, size: tuple[int, int]) -> Mapping[str, Any]:
    rules = decoded(how.dialect, Dialect) or ("torchvision-aligned" if how.aligned else "torchvision")
    dialect = (named_dialect(rules) if isinstance(rules, str) else rules).for_mode(how.mode)
    known = (name for name in _MODES if named_dialect(name).for_mode(how.mode) == dialect)
    name = next(known, None)
    if name is None:
        refuse(f"in mode {how.mode!r} its dialects are {' and '.join(_MODES)}, and this one is another")
    if how.scales[0] != how.scales[1] or how.sampling_ratio[0] != how.sampling_ratio[1]:
        refuse("it has one spatial scale and one sampling ratio for both axes")
    return {
        "coordinate_transformation_mode": _MODES[name],
        "mode": how.mode,
        "output_height": size[0],
        "output_width": size[1],
        "sampling_ratio": max(int(how.sampling_ratio[0]), 0),
        "spatial_scale": float(how.scales[0]),
    }


class _Node(torch.autograd.Function):  # type: ignore[misc]
    """The node for the exporter that traces."""

    @staticmethod
    def forward(
        ctx: Any,
        first: torch.Tensor,
        corners: torch.Tensor,
        images: torch.Tensor,
        boxes: torch.Tensor,
        how: How,
        size: tuple[int, int],
        attributes: Mapping[str, Any],
    ) -> torch.Tensor:
        del ctx, corners, images, attributes
        output: torch.Tensor = torch.ops.roikit.roi_align([first], boxes, size, *how._replace(layout="NCHW").encoded)
        return output

    @staticmethod
    def symbolic(
        g: Any, first: Any, corners: Any, images: Any, boxes: Any, how: Any, size: Any, attributes: Any
    ) -> Any:
        del boxes, how, size
        kinds = {str: "s", int: "i", float: "f"}
        return g.op("RoiAlign", first, corners, images, **{f"{k}_{kinds[type(v)]}": v for k, v in attributes.items()})
