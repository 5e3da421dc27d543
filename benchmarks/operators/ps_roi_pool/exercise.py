"""What is exercised of PSRoIPool on a GPU: see ``python -m benchmarks.exercise ps_roi_pool``."""

from __future__ import annotations

from roikit.kernels import ps_roi_pool, ps_roi_pool_backward

from ...measuring.exercise import Counted, Exercise, RowCall, SmallCall


def small(call: SmallCall, bins: int) -> int:
    """Pools, and works out the gradient; returns how many calls that were."""
    maps = call.maps(bins**2)
    grad = ps_roi_pool(maps, call.boxes, bins, 0.5, layout=call.layout)
    ps_roi_pool_backward(grad, call.boxes, maps.shape, 0.5, layout=call.layout)
    return 2


def ours(call: RowCall) -> None:
    """Pools a level."""
    ps_roi_pool(call.maps, call.boxes, call.row.bins, call.level.scale, layout=call.layout)


def torchvision(call: RowCall) -> None:
    """The same by torchvision."""
    from torchvision.ops import ps_roi_pool as operator

    operator(*call.tensors(), call.row.bins, call.level.scale)


EXERCISE = Exercise(
    kernels="ps_roi_pool",
    counted=(
        Counted(row="c1", library="torchvision", layout="NCHW", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NHWC", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NCHW", dtype="float32"),
    ),
    kinds=((1, 3),),
    small=small,
    libraries={"roikit": ours, "torchvision": torchvision},
)
