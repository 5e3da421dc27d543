"""torchvision on a CPU, twice: the compiled operator, and the Python function that stands in for it.

Facts: ``torchvision/ops/roi_align.py`` of 0.29.1, and running both.

* ``aligned`` is a boolean argument, False by default.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0 or less; the default is -1.
* Boxes are ``(K, 5)``. The compiled operator wants them in the data type of the maps and computes in it, coordinates
  included; the Python function mixes data types and follows the usual promotion.
* The compiled operator has a gradient for the maps, none for the boxes; that of the Python function is both's.
* ``MultiScaleRoIAlign`` is told no scales: it finds them from the height of maps and images. It takes boxes by image.
* ``torchvision.ops.roi_align`` calls the Python function, through ``torch.compile``, where the compiled operator is
  missing, and on accelerators under ``torch.use_deterministic_algorithms(True)``. The two compute different functions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from ..implementation import Description
from ..operation import Operation
from ._call import boxes_like_input, require_described
from ._poolers import by_image, of_levels, require_found
from ._script import ALL, FLOATS, OF_BOXES, OF_MAPS, Boxes, Script, each
from ._torch_gradient import answer
from ._weighted import Weighs, with_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall
    from ..operators.ps_roi_align.call import PsRoiAlignCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall

HOMEPAGE = "https://github.com/pytorch/vision"


def _version() -> str:
    import torch
    import torchvision

    return f"{torchvision.__version__} (torch {torch.__version__})"


class Torchvision(Weighs):
    """``torchvision.ops.roi_align``, ``roi_pool``, ``ps_roi_pool``, ``ps_roi_align`` and the pooler, the compiled CPU kernels."""

    requires: ClassVar[tuple[str, ...]] = ("torch", "torchvision")
    install: ClassVar[str] = "pip install torch torchvision"
    aligned: ClassVar[dict[str, bool]] = {"torchvision": False, "torchvision-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned), Boxes.ROWS, FLOATS, ("avg",), uses_torch=True, operations=OF_MAPS
        ),
        "roi_pool": Script({"torchvision": {}}, Boxes.ROWS, FLOATS, ("max",), uses_torch=True, operations=OF_MAPS),
        "ps_roi_pool": Script(
            {"torchvision": {}}, Boxes.ROWS, ("float32", "float64"), ("avg",), uses_torch=True, operations=OF_MAPS
        ),
        "ps_roi_align": Script({"torchvision": {}}, Boxes.ROWS, FLOATS, ("avg",), uses_torch=True, operations=OF_MAPS),
        "multiscale_roi_align": Script(
            {"torchvision": {}},
            Boxes.BY_IMAGE,
            FLOATS,
            ("avg",),
            pairs=True,
            uses_torch=True,
            operations=OF_MAPS,
            require=require_found,
        ),
    }

    def __init__(self) -> None:
        from torchvision.extension import _has_ops
        from torchvision.ops import MultiScaleRoIAlign, ps_roi_align, ps_roi_pool, roi_align, roi_pool

        if not _has_ops():
            raise RuntimeError("torchvision's compiled operators are missing: roi_align would be the Python one")
        self._roi_align, self._roi_pool = roi_align, roi_pool
        self._ps_roi_pool, self._ps_roi_align = ps_roi_pool, ps_roi_align
        self._pooler = MultiScaleRoIAlign
        self._description = with_weights(
            Description(
                version=_version(),
                homepage=HOMEPAGE,
                dialects=tuple(self.aligned),
                dtypes=("float16", "float32", "float64"),
                operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT),
                reads_in_place=True,
                threads=True,
                operators={
                    name: self.scripts[name].capability(reads_in_place=True, threads=True)
                    for name in ("roi_pool", "ps_roi_pool", "ps_roi_align", "multiscale_roi_align")
                },
            )
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator as its users do."""
        require_described(call, self._description)
        scale, ratio, aligned = call.single_scale(), call.single_sampling_ratio(), self.aligned[call.dialect]
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._roi_align(
                maps, boxes, call.output_size, spatial_scale=scale, sampling_ratio=ratio, aligned=aligned
            ),
        )

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator as its users do."""
        require_described(call, self._description)
        scale = call.single_scale()
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._roi_pool(maps, boxes, call.output_size, spatial_scale=scale),
        )

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator as its users do."""
        require_described(call, self._description)
        scale = call.single_scale()
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._ps_roi_pool(maps, boxes, call.output_size, spatial_scale=scale),
        )

    def ps_roi_align(self, call: PsRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the operator as its users do."""
        require_described(call, self._description)
        scale, ratio = call.single_scale(), call.single_sampling_ratio()
        return answer(
            call,
            boxes_like_input(call),
            lambda maps, boxes: self._ps_roi_align(
                maps, boxes, call.output_size, spatial_scale=scale, sampling_ratio=ratio
            ),
        )

    def multiscale_roi_align(self, call: MultiscaleRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Builds the module and calls it, with images from whose size it finds the scales that the call gives."""
        require_described(call, self._description)
        size, names = of_levels(call), [str(level) for level in range(max(len(call.level_sizes), 1))]
        pooler = self._pooler(
            names, call.output_size, call.single_sampling_ratio(),
            canonical_scale=call.canonical_size, canonical_level=call.canonical_level,
        )  # fmt: skip

        def pool(maps: list[Any], boxes: list[Any]) -> Any:
            return pooler(dict(zip(names, maps, strict=True)), boxes, [(size[0], size[1])] * len(call.input))

        return answer(call, boxes_like_input(call), by_image(call, pool))


class TorchvisionPython:
    """``_roi_align`` of ``torchvision.ops.roi_align``, run eagerly: without the ``torch.compile`` that decorates it."""

    requires: ClassVar[tuple[str, ...]] = ("torch", "torchvision")
    install: ClassVar[str] = "pip install torch torchvision"
    aligned: ClassVar[dict[str, bool]] = {"torchvision-python": False, "torchvision-python-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned), Boxes.WIDE_ROWS, ALL, ("avg",), uses_torch=True, operations=OF_BOXES
        )
    }

    def __init__(self) -> None:
        decorated = import_module("torchvision.ops.roi_align")._roi_align  # noqa: SLF001 - what CUDA users get, too
        self._roi_align = getattr(decorated, "__wrapped__", decorated)
        self._description = Description(
            version=_version(),
            homepage=HOMEPAGE,
            dialects=tuple(self.aligned),
            dtypes=("float16", "bfloat16", "float32", "float64"),
            operations=(Operation.FORWARD, Operation.FEATURE_GRADIENT, Operation.BOX_GRADIENT),
            reads_in_place=True,
            threads=True,
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function; boxes stay float32 with 16-bit maps."""
        require_described(call, self._description)
        scale, ratio, aligned = call.single_scale(), call.single_sampling_ratio(), self.aligned[call.dialect]
        return answer(
            call,
            call.boxes,
            lambda maps, boxes: self._roi_align(maps, boxes, scale, *call.output_size, ratio, aligned),
        )
