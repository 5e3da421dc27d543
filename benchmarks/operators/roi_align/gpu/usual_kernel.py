"""The kernel that most libraries derive theirs from, as torchvision has it."""

from __future__ import annotations

from functools import partial
from typing import Any

from ....measuring.probes import probe
from ....measuring.timing import summarise
from ....workloads import problem
from ..workloads import GPU_ROWS

PREDICTED_FORWARD = {"a1": 417, "b1": 417, "c1": 6623, "d1": 407, "e": 1658, "f": 10574}
PREDICTED_BACKWARD = {"a1": 893, "c1": 4537}
"""Microseconds on an H200, as predicted before any measurement."""


def torch_row(name: str) -> tuple[Any, list[tuple[Any, Any, float]]]:
    """A row, and maps, boxes and scale of each level as PyTorch's tensors."""
    import torch

    work = problem(GPU_ROWS[name])
    levels = [
        (torch.from_numpy(level.feature.copy()).cuda(), torch.from_numpy(level.boxes).cuda(), level.scale)
        for level in work.levels
    ]
    return work.row, levels


def torchvision_kernel(name: str) -> dict[str, Any]:
    """Measures torchvision's kernel alone (2), without what surrounds it, by PyTorch's profiler."""
    import torch
    from torchvision.ops import roi_align

    row, levels = torch_row(name)
    repeats = 5

    def work() -> None:
        for feature, boxes, scale in levels:
            roi_align(feature, boxes, row.bins, scale, row.sampling_ratio, True)

    work()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for _ in range(repeats):
            work()
        torch.cuda.synchronize()
    microseconds = sum(
        getattr(event, "self_device_time_total", 0) for event in profile.key_averages() if "roi_align" in event.key
    )
    if not microseconds:
        raise RuntimeError("the profiler saw no kernel of torchvision")
    predicted = str(PREDICTED_FORWARD[name])
    return probe(2, f"torchvision {name} kernel only", microseconds / repeats, "µs", predicted, repeats)


def torchvision_backward(name: str) -> dict[str, Any]:
    """Measures torchvision's backward operator (3), its zeroing included, by events round calls in a row."""
    import torch

    row, levels = torch_row(name)
    gradients = [torch.randn(len(boxes), row.channels, row.bins, row.bins, device="cuda") for _, boxes, _ in levels]

    def work() -> None:
        for (feature, boxes, scale), gradient in zip(levels, gradients, strict=True):
            torch.ops.torchvision._roi_align_backward(  # noqa: SLF001 - the operator has no other name
                gradient, boxes, scale, row.bins, row.bins, *feature.shape, row.sampling_ratio, True
            )

    work()
    samples = []
    for _ in range(20):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        samples.append(start.elapsed_time(end) / 1e3)
    predicted = str(PREDICTED_BACKWARD[name])
    return probe(3, f"torchvision {name} backward", summarise(samples).median * 1e6, "µs", predicted, len(samples))


PROBES = {
    **{f"torchvision {name} backward": partial(torchvision_backward, name) for name in PREDICTED_BACKWARD},
    **{f"torchvision {name} kernel": partial(torchvision_kernel, name) for name in PREDICTED_FORWARD},
}
"""By the names of their steps."""
