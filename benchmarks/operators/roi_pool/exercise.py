"""What is exercised of RoIPool on a GPU: see ``python -m benchmarks.exercise roi_pool``."""

from __future__ import annotations

from roikit.kernels import roi_pool, roi_pool_backward

from ...measuring.exercise import Counted, Exercise, RowCall, SmallCall


def small(call: SmallCall, mode: str, bins: int) -> int:
    """Pools, and works out the gradient; returns how many calls that were."""
    maps, rules = call.maps(), {"mode": mode, "layout": call.layout}
    grad = roi_pool(maps, call.boxes, bins, 0.5, **rules)
    given = {"input": maps} if mode == "max" else {}
    roi_pool_backward(grad, call.boxes, maps.shape, 0.5, **rules, **given)
    return 2


def ours(call: RowCall) -> None:
    """Pools a level."""
    roi_pool(call.maps, call.boxes, call.row.bins, call.level.scale, layout=call.layout)


def torchvision(call: RowCall) -> None:
    """The same by torchvision."""
    from torchvision.ops import roi_pool as operator

    operator(*call.tensors(), call.row.bins, call.level.scale)


EXERCISE = Exercise(
    kernels="roi_pool",
    counted=(
        Counted(row="a1", library="torchvision", layout="NCHW", dtype="float32"),
        Counted(row="a1", library="roikit", layout="NHWC", dtype="float32"),
        Counted(row="a1", library="roikit", layout="NCHW", dtype="float32"),
    ),
    kinds=(("max", "avg"), (1, 7)),
    small=small,
    libraries={"roikit": ours, "torchvision": torchvision},
)
