"""RoI operators as CUDA kernels for CuPy, and a conformance suite for every implementation of them.

What it consists of, each part imported by itself:

    roikit.kernels      the operators, on CuPy and NumPy arrays: roi_align, roi_pool, crop_and_resize, prroi_pool, …
    roikit.torch        the same for PyTorch tensors, in place of torchvision's
    roikit.conformance  rules, golden cases, and the harness that judges any implementation: the command `roikit conform`
    roikit.reports      what result files say, as tables, comparisons and a site: the command `roikit report`

>>> from roikit.kernels import roi_align
>>> output = roi_align(features, boxes, (7, 7), spatial_scale=0.25, sampling_ratio=2, aligned=True)  # doctest: +SKIP

`help(roikit.kernels.roi_align)` explains every argument once that is imported, `roikit --help` every command.
"""

__all__ = ["__version__"]

__version__ = "0.2.0"
