"""roikit's own kernels as PyTorch sees them, gradients by its automatic differentiation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..operators import dialects_of
from ._torch_gradient import answer
from .roikit import RoikitHost
from .roikit_calls import related_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..implementation import Description
    from ..operators.border_align.call import BorderAlignCall
    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.deform_ps_roi_pool.call import DeformedPsCall
    from ..operators.deform_roi_pool.call import DeformedCall
    from ..operators.multiscale_ps_roi_align.call import PsPyramidCall
    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall
    from ..operators.multiscale_roi_align_rotated.call import RotatedPyramidCall
    from ..operators.multiscale_weighted_roi_align.call import WeightedPyramidCall
    from ..operators.prroi_pool.call import PrRoiPoolCall
    from ..operators.ps_roi_align.call import PsRoiAlignCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.riroi_align_rotated.call import RotationInvariantCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_3d.call import VolumeCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall
    from ..operators.weighted_roi_align.call import WeightedRoiAlignCall
    from ._script import Script


class RoikitTorch(RoikitHost):
    """The functions of `roikit.torch`, of tensors on a CPU."""

    requires: ClassVar[tuple[str, ...]] = ("torch",)
    install: ClassVar[str] = "pip install 'roikit[torch]'"
    scripts: ClassVar[Mapping[str, Script]] = {}

    def __init__(self) -> None:
        super().__init__()
        from ... import torch

        self._roi_align, self._roi_pool = torch.roi_align, torch.roi_pool
        self._ps_roi_pool, self._ps_roi_align = torch.ps_roi_pool, torch.ps_roi_align
        self._crop_and_resize = torch.crop_and_resize
        self._prroi_pool = torch.prroi_pool
        self._multiscale_roi_align = torch.multiscale_roi_align
        self._weighted_roi_align = torch.weighted_roi_align
        self._roi_align_rotated = torch.roi_align_rotated
        self._border_align = torch.border_align
        self._deform_roi_pool = torch.deform_roi_pool
        self._roi_align_3d = torch.roi_align_3d
        self._deform_ps_roi_pool = torch.deform_ps_roi_pool
        self._riroi_align_rotated = torch.riroi_align_rotated
        self._multiscale_roi_align_rotated = torch.multiscale_roi_align_rotated
        self._multiscale_ps_roi_align = torch.multiscale_ps_roi_align
        self._multiscale_weighted_roi_align = torch.multiscale_weighted_roi_align

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts, as the kernels."""
        import torch

        described = super().describe()
        can = {name: replace(kernel, takes_out=False, forks=False) for name, kernel in described.operators.items()}
        return replace(described, version=f"{described.version}, torch {torch.__version__}", operators=can)

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)
        return answer(call, call.boxes, lambda maps, boxes: self._roi_align(maps, boxes, *where, **how))

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale)
        return answer(call, call.boxes, lambda maps, boxes: self._roi_pool(maps, boxes, *where, **how))

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale)
        return answer(call, call.boxes, lambda maps, boxes: self._ps_roi_pool(maps, boxes, *where, **how))

    def ps_roi_align(self, call: PsRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)
        return answer(call, call.boxes, lambda maps, boxes: self._ps_roi_align(maps, boxes, *where, **how))

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do; its boxes are part of rows with their index, as a gradient for boxes is."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        mode: Any = call.mode
        where = (call.output_size, mode, call.extrapolation_value)

        def crop(image: Any, rows: Any) -> Any:
            return self._crop_and_resize(image, rows[:, 1:], rows[:, 0].detach().int(), *where, **how)

        return answer(call, call.boxes, crop)

    def prroi_pool(self, call: PrRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale)
        return answer(call, call.boxes, lambda maps, boxes: self._prroi_pool(maps, boxes, *where, **how))

    def multiscale_roi_align(self, call: MultiscaleRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        rules = dialects_of("multiscale_roi_align")[call.dialect]
        how: dict[str, Any] = {"layout": call.layout, "dialect": rules.sampling, "level_rule": rules.level_rule}
        how |= {"canonical_size": call.canonical_size, "canonical_level": call.canonical_level}
        if rules.level_rule == "mmdetection" and call.level_sizes:  # which is told the least size of the first level
            how |= {"canonical_size": call.finest_size(), "canonical_level": call.first_level()}
        where = (call.output_size, call.scales(), call.sampling_ratio)
        return answer(
            call, call.boxes, lambda maps, boxes: self._multiscale_roi_align(call.levels(maps), boxes, *where, **how)
        )

    def weighted_roi_align(self, call: WeightedRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect}
        how |= {
            "normalise": call.normalise,
            "guard": call.guard,
            "epsilon": call.epsilon,
            "weights_of": call.weights_of,
            "p": call.p,
            "beta": call.beta,
        }
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)

        def pool(maps: Any, boxes: Any, weights: Any) -> Any:
            return self._weighted_roi_align(maps, boxes, weights, *where, **how)

        return answer(call, call.boxes, pool)

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.single_scale(), call.sampling_ratio)
        return answer(call, call.boxes, lambda maps, boxes: self._roi_align_rotated(maps, boxes, *where, **how))

    def multiscale_roi_align_rotated(self, call: RotatedPyramidCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, **related_sizes(call)}
        where = (call.output_size, call.scales(), call.sampling_ratio)

        def pool(maps: Any, boxes: Any) -> Any:
            return self._multiscale_roi_align_rotated(call.levels(maps), boxes, *where, **how)

        return answer(call, call.boxes, pool)

    def multiscale_ps_roi_align(self, call: PsPyramidCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, **related_sizes(call)}
        where = (call.output_size, call.scales(), call.sampling_ratio)

        def pool(maps: Any, boxes: Any) -> Any:
            return self._multiscale_ps_roi_align(call.levels(maps), boxes, *where, **how)

        return answer(call, call.boxes, pool)

    def multiscale_weighted_roi_align(self, call: WeightedPyramidCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect, **related_sizes(call), **call.weighing}
        where = (call.output_size, call.scales(), call.sampling_ratio)

        def pool(maps: Any, boxes: Any, weights: Any) -> Any:
            return self._multiscale_weighted_roi_align(call.levels(maps), boxes, call.levels(weights), *where, **how)

        return answer(call, call.boxes, pool)

    def riroi_align_rotated(self, call: RotationInvariantCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.single_scale(), call.sampling_ratio, call.num_orientations)
        return answer(call, call.boxes, lambda maps, boxes: self._riroi_align_rotated(maps, boxes, *where, **how))

    def border_align(self, call: BorderAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do, with rows of boxes."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        found = answer(call, call.boxes, lambda maps, boxes: self._border_align(maps, boxes, call.pool_size, **how))
        return call.answered(found)

    def deform_roi_pool(self, call: DeformedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"gamma": call.gamma, "layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)

        def pool(maps: Any, boxes: Any, offset: Any = None) -> Any:
            return self._deform_roi_pool(maps, boxes, *where, offset=offset, **how)

        return answer(call, call.boxes, pool)

    def roi_align_3d(self, call: VolumeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)
        return answer(call, call.boxes, lambda maps, boxes: self._roi_align_3d(maps, boxes, *where, **how))

    def deform_ps_roi_pool(self, call: DeformedPsCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as its users do."""
        how: dict[str, Any] = {"gamma": call.gamma, "group_size": call.group_size}
        how |= {"layout": call.layout, "dialect": call.dialect}
        where = (call.output_size, call.spatial_scale, call.sampling_ratio)

        def pool(maps: Any, boxes: Any, offset: Any = None) -> Any:
            return self._deform_ps_roi_pool(maps, boxes, *where, offset=offset, **how)

        return answer(call, call.boxes, pool)
