"""RoI operators as CUDA sources for CuPy arrays, and the same sources on the CPU for NumPy arrays.

>>> from roikit.kernels import roi_align
>>> output = roi_align(features, boxes, (7, 7), spatial_scale=0.25, sampling_ratio=2, aligned=True)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .annotations import Array, CropMethod, DataType, GuardName, Layout, LevelRuleName, Mode
    from .dialects.multiscale_roi_align import LevelRule
    from .dialects.roi_align import DIALECTS, Dialect, named_dialect
    from .errors import CompilationError, CompilerNotFoundError, InvalidRoiError, RoikitError
    from .execution import host
    from .operators.border_align.box_gradient import border_align_backward_boxes
    from .operators.border_align.feature_gradient import border_align_backward, border_align_backward_workspace
    from .operators.border_align.forward import border_align
    from .operators.crop_and_resize.box_gradient import crop_and_resize_backward_boxes
    from .operators.crop_and_resize.feature_gradient import crop_and_resize_backward, crop_and_resize_backward_workspace
    from .operators.crop_and_resize.forward import crop_and_resize, crop_and_resize_workspace
    from .operators.deform_ps_roi_pool.feature_gradient import (
        deform_ps_roi_pool_backward,
        deform_ps_roi_pool_backward_workspace,
    )
    from .operators.deform_ps_roi_pool.forward import deform_ps_roi_pool
    from .operators.deform_ps_roi_pool.offset_gradient import deform_ps_roi_pool_backward_offset
    from .operators.deform_roi_pool.feature_gradient import deform_roi_pool_backward, deform_roi_pool_backward_workspace
    from .operators.deform_roi_pool.forward import deform_roi_pool
    from .operators.deform_roi_pool.gradients import deform_roi_pool_backward_boxes, deform_roi_pool_backward_offset
    from .operators.multiscale_ps_roi_align.box_gradient import multiscale_ps_roi_align_backward_boxes
    from .operators.multiscale_ps_roi_align.feature_gradient import (
        multiscale_ps_roi_align_backward,
        multiscale_ps_roi_align_backward_workspace,
    )
    from .operators.multiscale_ps_roi_align.forward import (
        multiscale_ps_roi_align,
        multiscale_ps_roi_align_workspace,
    )
    from .operators.multiscale_roi_align_rotated.box_gradient import multiscale_roi_align_rotated_backward_boxes
    from .operators.multiscale_roi_align_rotated.feature_gradient import (
        multiscale_roi_align_rotated_backward,
        multiscale_roi_align_rotated_backward_workspace,
    )
    from .operators.multiscale_roi_align_rotated.forward import multiscale_roi_align_rotated
    from .operators.prroi_pool.box_gradient import prroi_pool_backward_boxes
    from .operators.prroi_pool.feature_gradient import prroi_pool_backward, prroi_pool_backward_workspace
    from .operators.prroi_pool.forward import prroi_pool, prroi_pool_workspace
    from .operators.ps_roi_align.box_gradient import ps_roi_align_backward_boxes
    from .operators.ps_roi_align.feature_gradient import ps_roi_align_backward, ps_roi_align_backward_workspace
    from .operators.ps_roi_align.forward import ps_roi_align, ps_roi_align_workspace
    from .operators.ps_roi_pool.feature_gradient import ps_roi_pool_backward, ps_roi_pool_backward_workspace
    from .operators.ps_roi_pool.forward import ps_roi_pool, ps_roi_pool_workspace
    from .operators.riroi_align_rotated.box_gradient import riroi_align_rotated_backward_boxes
    from .operators.riroi_align_rotated.feature_gradient import (
        riroi_align_rotated_backward,
        riroi_align_rotated_backward_workspace,
    )
    from .operators.riroi_align_rotated.forward import riroi_align_rotated
    from .operators.roi_align.box_gradient import roi_align_backward_boxes
    from .operators.roi_align.feature_gradient import roi_align_backward, roi_align_backward_workspace
    from .operators.roi_align.forward import roi_align, roi_align_workspace
    from .operators.roi_align.multiscale import (
        multiscale_roi_align,
        multiscale_roi_align_backward,
        multiscale_roi_align_backward_boxes,
    )
    from .operators.roi_align_3d.box_gradient import roi_align_3d_backward_boxes
    from .operators.roi_align_3d.feature_gradient import roi_align_3d_backward, roi_align_3d_backward_workspace
    from .operators.roi_align_3d.forward import roi_align_3d, roi_align_3d_workspace
    from .operators.roi_align_rotated.box_gradient import roi_align_rotated_backward_boxes
    from .operators.roi_align_rotated.feature_gradient import (
        roi_align_rotated_backward,
        roi_align_rotated_backward_workspace,
    )
    from .operators.roi_align_rotated.forward import roi_align_rotated
    from .operators.roi_pool.feature_gradient import roi_pool_backward, roi_pool_backward_workspace
    from .operators.roi_pool.forward import roi_pool, roi_pool_workspace
    from .operators.weighted_roi_align.forward import weighted_roi_align, weighted_roi_align_workspace
    from .operators.weighted_roi_align.gradients import (
        weighted_roi_align_backward,
        weighted_roi_align_backward_boxes,
        weighted_roi_align_backward_weights,
    )
    from .operators.weighted_roi_align.pyramid import (
        multiscale_weighted_roi_align,
        multiscale_weighted_roi_align_workspace,
    )
    from .operators.weighted_roi_align.pyramid_gradients import (
        multiscale_weighted_roi_align_backward,
        multiscale_weighted_roi_align_backward_boxes,
        multiscale_weighted_roi_align_backward_weights,
    )
    from .precompiling import precompile

__all__ = [
    "DIALECTS",
    "Array",
    "CompilationError",
    "CompilerNotFoundError",
    "CropMethod",
    "DataType",
    "Dialect",
    "GuardName",
    "InvalidRoiError",
    "Layout",
    "LevelRule",
    "LevelRuleName",
    "Mode",
    "RoikitError",
    "border_align",
    "border_align_backward",
    "border_align_backward_boxes",
    "border_align_backward_workspace",
    "crop_and_resize",
    "crop_and_resize_backward",
    "crop_and_resize_backward_boxes",
    "crop_and_resize_backward_workspace",
    "crop_and_resize_workspace",
    "deform_ps_roi_pool",
    "deform_ps_roi_pool_backward",
    "deform_ps_roi_pool_backward_offset",
    "deform_ps_roi_pool_backward_workspace",
    "deform_roi_pool",
    "deform_roi_pool_backward",
    "deform_roi_pool_backward_boxes",
    "deform_roi_pool_backward_offset",
    "deform_roi_pool_backward_workspace",
    "host",
    "multiscale_ps_roi_align",
    "multiscale_ps_roi_align_backward",
    "multiscale_ps_roi_align_backward_boxes",
    "multiscale_ps_roi_align_backward_workspace",
    "multiscale_ps_roi_align_workspace",
    "multiscale_roi_align",
    "multiscale_roi_align_backward",
    "multiscale_roi_align_backward_boxes",
    "multiscale_roi_align_rotated",
    "multiscale_roi_align_rotated_backward",
    "multiscale_roi_align_rotated_backward_boxes",
    "multiscale_roi_align_rotated_backward_workspace",
    "multiscale_weighted_roi_align",
    "multiscale_weighted_roi_align_backward",
    "multiscale_weighted_roi_align_backward_boxes",
    "multiscale_weighted_roi_align_backward_weights",
    "multiscale_weighted_roi_align_workspace",
    "named_dialect",
    "precompile",
    "prroi_pool",
    "prroi_pool_backward",
    "prroi_pool_backward_boxes",
    "prroi_pool_backward_workspace",
    "prroi_pool_workspace",
    "ps_roi_align",
    "ps_roi_align_backward",
    "ps_roi_align_backward_boxes",
    "ps_roi_align_backward_workspace",
    "ps_roi_align_workspace",
    "ps_roi_pool",
    "ps_roi_pool_backward",
    "ps_roi_pool_backward_workspace",
    "ps_roi_pool_workspace",
    "riroi_align_rotated",
    "riroi_align_rotated_backward",
    "riroi_align_rotated_backward_boxes",
    "riroi_align_rotated_backward_workspace",
    "roi_align",
    "roi_align_3d",
    "roi_align_3d_backward",
    "roi_align_3d_backward_boxes",
    "roi_align_3d_backward_workspace",
    "roi_align_3d_workspace",
    "roi_align_backward",
    "roi_align_backward_boxes",
    "roi_align_backward_workspace",
    "roi_align_rotated",
    "roi_align_rotated_backward",
    "roi_align_rotated_backward_boxes",
    "roi_align_rotated_backward_workspace",
    "roi_align_workspace",
    "roi_pool",
    "roi_pool_backward",
    "roi_pool_backward_workspace",
    "roi_pool_workspace",
    "weighted_roi_align",
    "weighted_roi_align_backward",
    "weighted_roi_align_backward_boxes",
    "weighted_roi_align_backward_weights",
    "weighted_roi_align_workspace",
]

# Each name is imported when it is asked for: a program needs one operator or two, and all together take longer than NumPy.
_NAMES = {
    ".annotations": ("Array", "CropMethod", "DataType", "GuardName", "Layout", "LevelRuleName", "Mode"),
    ".dialects.multiscale_roi_align": ("LevelRule",),
    ".dialects.roi_align": ("DIALECTS", "Dialect", "named_dialect"),
    ".errors": ("CompilationError", "CompilerNotFoundError", "InvalidRoiError", "RoikitError"),
    ".operators.border_align.box_gradient": ("border_align_backward_boxes",),
    ".operators.border_align.feature_gradient": ("border_align_backward", "border_align_backward_workspace"),
    ".operators.border_align.forward": ("border_align",),
    ".operators.crop_and_resize.box_gradient": ("crop_and_resize_backward_boxes",),
    ".operators.crop_and_resize.feature_gradient": ("crop_and_resize_backward", "crop_and_resize_backward_workspace"),
    ".operators.crop_and_resize.forward": ("crop_and_resize", "crop_and_resize_workspace"),
    ".operators.deform_ps_roi_pool.feature_gradient": (
        "deform_ps_roi_pool_backward",
        "deform_ps_roi_pool_backward_workspace",
    ),
    ".operators.deform_ps_roi_pool.forward": ("deform_ps_roi_pool",),
    ".operators.deform_ps_roi_pool.offset_gradient": ("deform_ps_roi_pool_backward_offset",),
    ".operators.deform_roi_pool.feature_gradient": ("deform_roi_pool_backward", "deform_roi_pool_backward_workspace"),
    ".operators.deform_roi_pool.forward": ("deform_roi_pool",),
    ".operators.deform_roi_pool.gradients": ("deform_roi_pool_backward_boxes", "deform_roi_pool_backward_offset"),
    ".operators.multiscale_ps_roi_align.box_gradient": ("multiscale_ps_roi_align_backward_boxes",),
    ".operators.multiscale_ps_roi_align.feature_gradient": (
        "multiscale_ps_roi_align_backward",
        "multiscale_ps_roi_align_backward_workspace",
    ),
    ".operators.multiscale_ps_roi_align.forward": ("multiscale_ps_roi_align", "multiscale_ps_roi_align_workspace"),
    ".operators.multiscale_roi_align_rotated.box_gradient": ("multiscale_roi_align_rotated_backward_boxes",),
    ".operators.multiscale_roi_align_rotated.feature_gradient": (
        "multiscale_roi_align_rotated_backward",
        "multiscale_roi_align_rotated_backward_workspace",
    ),
    ".operators.multiscale_roi_align_rotated.forward": ("multiscale_roi_align_rotated",),
    ".operators.prroi_pool.box_gradient": ("prroi_pool_backward_boxes",),
    ".operators.prroi_pool.feature_gradient": ("prroi_pool_backward", "prroi_pool_backward_workspace"),
    ".operators.prroi_pool.forward": ("prroi_pool", "prroi_pool_workspace"),
    ".operators.ps_roi_align.box_gradient": ("ps_roi_align_backward_boxes",),
    ".operators.ps_roi_align.feature_gradient": ("ps_roi_align_backward", "ps_roi_align_backward_workspace"),
    ".operators.ps_roi_align.forward": ("ps_roi_align", "ps_roi_align_workspace"),
    ".operators.ps_roi_pool.feature_gradient": ("ps_roi_pool_backward", "ps_roi_pool_backward_workspace"),
    ".operators.ps_roi_pool.forward": ("ps_roi_pool", "ps_roi_pool_workspace"),
    ".operators.roi_align.box_gradient": ("roi_align_backward_boxes",),
    ".operators.roi_align.feature_gradient": ("roi_align_backward", "roi_align_backward_workspace"),
    ".operators.roi_align.forward": ("roi_align", "roi_align_workspace"),
    ".operators.roi_align.multiscale": (
        "multiscale_roi_align",
        "multiscale_roi_align_backward",
        "multiscale_roi_align_backward_boxes",
    ),
    ".operators.riroi_align_rotated.box_gradient": ("riroi_align_rotated_backward_boxes",),
    ".operators.riroi_align_rotated.feature_gradient": (
        "riroi_align_rotated_backward",
        "riroi_align_rotated_backward_workspace",
    ),
    ".operators.riroi_align_rotated.forward": ("riroi_align_rotated",),
    ".operators.roi_align_3d.box_gradient": ("roi_align_3d_backward_boxes",),
    ".operators.roi_align_3d.feature_gradient": ("roi_align_3d_backward", "roi_align_3d_backward_workspace"),
    ".operators.roi_align_3d.forward": ("roi_align_3d", "roi_align_3d_workspace"),
    ".operators.roi_align_rotated.box_gradient": ("roi_align_rotated_backward_boxes",),
    ".operators.roi_align_rotated.feature_gradient": (
        "roi_align_rotated_backward",
        "roi_align_rotated_backward_workspace",
    ),
    ".operators.roi_align_rotated.forward": ("roi_align_rotated",),
    ".operators.roi_pool.feature_gradient": ("roi_pool_backward", "roi_pool_backward_workspace"),
    ".operators.roi_pool.forward": ("roi_pool", "roi_pool_workspace"),
    ".operators.weighted_roi_align.forward": ("weighted_roi_align", "weighted_roi_align_workspace"),
    ".operators.weighted_roi_align.gradients": (
        "weighted_roi_align_backward",
        "weighted_roi_align_backward_boxes",
        "weighted_roi_align_backward_weights",
    ),
    ".operators.weighted_roi_align.pyramid": (
        "multiscale_weighted_roi_align",
        "multiscale_weighted_roi_align_workspace",
    ),
    ".operators.weighted_roi_align.pyramid_gradients": (
        "multiscale_weighted_roi_align_backward",
        "multiscale_weighted_roi_align_backward_boxes",
        "multiscale_weighted_roi_align_backward_weights",
    ),
    ".precompiling": ("precompile",),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """A name of ``__all__``, imported now."""
        if name == "host":
            return import_module(".execution.host", __name__)
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_MODULES[name], __name__), name)
        return found


def __dir__() -> list[str]:
    """All names, imported yet or not."""
    return sorted({*globals(), *__all__})
