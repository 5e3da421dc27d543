"""A folder for each operator, and the list of them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..operator import Operator

_OPERATORS = {
    "roi_align": ("roi_align.operator", "ROI_ALIGN"),
    "roi_pool": ("roi_pool.operator", "ROI_POOL"),
    "ps_roi_pool": ("ps_roi_pool.operator", "PS_ROI_POOL"),
    "ps_roi_align": ("ps_roi_align.operator", "PS_ROI_ALIGN"),
    "crop_and_resize": ("crop_and_resize.operator", "CROP_AND_RESIZE"),
    "prroi_pool": ("prroi_pool.operator", "PRROI_POOL"),
    "roi_align_rotated": ("roi_align_rotated.operator", "ROI_ALIGN_ROTATED"),
    "deform_roi_pool": ("deform_roi_pool.operator", "DEFORM_ROI_POOL"),
    "border_align": ("border_align.operator", "BORDER_ALIGN"),
    "roi_align_3d": ("roi_align_3d.operator", "ROI_ALIGN_3D"),
    "weighted_roi_align": ("weighted_roi_align.operator", "WEIGHTED_ROI_ALIGN"),
    "riroi_align_rotated": ("riroi_align_rotated.operator", "RIROI_ALIGN_ROTATED"),
    "deform_ps_roi_pool": ("deform_ps_roi_pool.operator", "DEFORM_PS_ROI_POOL"),
    "multiscale_roi_align_rotated": ("multiscale_roi_align_rotated.operator", "MULTISCALE_ROI_ALIGN_ROTATED"),
    "multiscale_ps_roi_align": ("multiscale_ps_roi_align.operator", "MULTISCALE_PS_ROI_ALIGN"),
    "multiscale_weighted_roi_align": ("multiscale_weighted_roi_align.operator", "MULTISCALE_WEIGHTED_ROI_ALIGN"),
}
"""Where each operator stands; it is loaded when it is asked for."""

OPERATORS = tuple(_OPERATORS)
"""The names of all operators."""

UNNAMED = "roi_align"
"""The operator of a row of a record that names none: the first records knew no other."""


@cache
def operator_called(name: str) -> Operator:
    """The operator of this name.

    Raises:
        KeyError: there is none.
    """
    module, attribute = _OPERATORS[name]
    found: Operator = getattr(import_module(f".{module}", __name__), attribute)
    return found
