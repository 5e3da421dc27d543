"""The operators of `roikit.kernels` for PyTorch tensors: torchvision's functions and modules, and TensorFlow's crop_and_resize.

>>> from roikit.torch import roi_align  # instead of: from torchvision.ops import roi_align  # doctest: +SKIP

Tensors on a CPU and on NVIDIA GPUs (which need CuPy) are read and written where they are, without copies; on a GPU in PyTorch's
current stream and from PyTorch's memory. There are gradients for maps, for maps twice (averages), for weights, for offsets, and
for boxes.
Works under `torch.compile`, `torch.export` and autocast.
"""

try:
    import torch as _torch  # noqa: F401 - to say here what is missing
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError("roikit.torch needs PyTorch: pip install 'roikit[torch]'", name="torch") from error

from .border_align import BorderAlign, border_align
from .crop_and_resize import CropAndResize, crop_and_resize
from .deform_modules import DeformRoIPool, DeformRoIPoolPack, ModulatedDeformRoIPoolPack
from .deform_ps_roi_pool import DeformPSRoIPool, deform_ps_roi_pool
from .deform_roi_pool import deform_roi_pool
from .functional import multiscale_roi_align, roi_align
from .modules import MultiScaleRoIAlign, RoIAlign
from .multiscale_ps_roi_align import MultiScalePSRoIAlign, multiscale_ps_roi_align
from .multiscale_roi_align_rotated import MultiScaleRoIAlignRotated, multiscale_roi_align_rotated
from .multiscale_weighted_roi_align import MultiScaleWeightedRoIAlign, multiscale_weighted_roi_align
from .prroi_pool import PrRoIPool, prroi_pool
from .ps_roi_align import PSRoIAlign, ps_roi_align
from .ps_roi_pool import PSRoIPool, ps_roi_pool
from .riroi_align_rotated import RiRoIAlignRotated, riroi_align_rotated
from .roi_align_3d import RoIAlign3d, roi_align_3d
from .roi_align_rotated import RoIAlignRotated, roi_align_rotated
from .roi_pool import RoIPool, roi_pool
from .weighted_roi_align import WeightedRoIAlign, weighted_roi_align

__all__ = [
    "BorderAlign",
    "CropAndResize",
    "DeformPSRoIPool",
    "DeformRoIPool",
    "DeformRoIPoolPack",
    "ModulatedDeformRoIPoolPack",
    "MultiScalePSRoIAlign",
    "MultiScaleRoIAlign",
    "MultiScaleRoIAlignRotated",
    "MultiScaleWeightedRoIAlign",
    "PSRoIAlign",
    "PSRoIPool",
    "PrRoIPool",
    "RiRoIAlignRotated",
    "RoIAlign",
    "RoIAlign3d",
    "RoIAlignRotated",
    "RoIPool",
    "WeightedRoIAlign",
    "border_align",
    "crop_and_resize",
    "deform_ps_roi_pool",
    "deform_roi_pool",
    "multiscale_ps_roi_align",
    "multiscale_roi_align",
    "multiscale_roi_align_rotated",
    "multiscale_weighted_roi_align",
    "prroi_pool",
    "ps_roi_align",
    "ps_roi_pool",
    "riroi_align_rotated",
    "roi_align",
    "roi_align_3d",
    "roi_align_rotated",
    "roi_pool",
    "weighted_roi_align",
]
