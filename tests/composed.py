"""Which operators are others put together, as `test_house.py` lets them be."""

COMPOSED = {
    "ps_roi_align": {"roi_align", "ps_roi_pool"},
    "multiscale_roi_align": {"roi_align"},
    "weighted_roi_align": {"roi_align"},
    "deform_roi_pool": {"roi_align_rotated"},
    "roi_align_3d": {"roi_align"},
    "deform_ps_roi_pool": {"deform_roi_pool", "roi_align_rotated"},
    "riroi_align_rotated": {"roi_align_rotated"},
    "multiscale_roi_align_rotated": {"multiscale_roi_align", "roi_align", "roi_align_rotated"},
    "multiscale_ps_roi_align": {"multiscale_roi_align", "ps_roi_align", "ps_roi_pool", "roi_align"},
    "multiscale_weighted_roi_align": {"multiscale_roi_align", "weighted_roi_align", "roi_align"},
}
"""Operators that are others put together: what is to be known of these is known of them."""
