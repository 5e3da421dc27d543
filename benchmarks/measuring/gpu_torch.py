"""PyTorch beside CuPy: on the same arrays, without copies, and on the stream of the timer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from .device import Timer


@dataclass(frozen=True)
class Torch:
    """PyTorch and the timer's stream as one of its own."""

    torch: Any
    stream: Any

    @classmethod
    def beside(cls, timer: Timer) -> Torch:
        """PyTorch on the timer's stream.

        Raises:
            ImportError: it, torchvision, or their CUDA operators are missing.
        """
        import torch
        from torchvision.extension import _has_ops

        if not (_has_ops() and torch.cuda.is_available()):
            raise ImportError("torchvision's CUDA operators are missing")
        return cls(torch, torch.cuda.ExternalStream(timer.stream.ptr))

    def on_stream(self) -> Any:
        """A context in which work is queued on the timer's stream."""
        return self.torch.cuda.stream(self.stream)

    def tensor(self, array: Any, layout: str) -> Any:
        """CuPy's array in ``layout`` as a tensor with channels after images or RoIs."""
        view = self.torch.from_dlpack(array)
        return view if layout == "NCHW" else view.permute(0, 3, 1, 2)

    def boxes(self, array: Any, dtype: str) -> Any:
        """CuPy's boxes as a tensor, in the data type of the maps: the operators take no other."""
        return self.torch.from_dlpack(array).to(getattr(self.torch, dtype))

    def convert(self, output: Any) -> Any:
        """A tensor as CuPy's array, contiguous."""
        import cupy

        return cupy.from_dlpack(output.contiguous())

    def capture(self, work: Callable[[], object]) -> Callable[[], None]:
        """A function that replays ``work`` as a graph."""
        with self.on_stream():
            work()
        self.stream.synchronize()
        graph = self.torch.cuda.CUDAGraph()
        with self.torch.cuda.graph(graph, stream=self.stream):
            work()

        def replay() -> None:
            with self.on_stream():
                graph.replay()

        return replay


def not_captured(work: Callable[[], object]) -> Callable[[], None]:
    """Says that ``work`` cannot be a graph: a pooler of PyTorch waits for the device, to learn how many RoIs a level has.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("poolers of PyTorch wait for the device")
