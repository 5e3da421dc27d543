"""mmcv's CUDA kernels, run without a GPU: those of seven operators, four of which mmcv has for CUDA alone.

Facts: ``mmcv/ops/csrc/common/cuda/*_cuda_kernel.cuh`` of 2.2.0, which are what runs here; and what calls them,
``mmcv/ops/csrc/pytorch/cuda/*_cuda.cu`` and ``mmcv/ops/*.py``, which needs PyTorch and is told here in NumPy: results begin as
zeros, launches have blocks of 512 threads, at most 4096, and scales and gamma pass through a float32.

* A launch without blocks is an error of CUDA, so that no boxes, or no channels, are refused.
* Arrays come contiguous. What mmcv makes of others is not seen here.
* ``prroi_pool`` takes float32 alone. float16 is left out: it needs the half of PyTorch. So is float64 where boxes are turned: its
  sine is a function that is called, which the emulation does not know.
* The kernels add with atomics, whose order is that of the blocks here, and on a GPU no order at all.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Capability, Description, Unavailable
from ..operation import Operation
from ._call import boxes_like_input, require_described
from ._cuda_text import ARCHITECTURE, CudaText, contiguous, nvrtc_version
from .mmcv import Mmcv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.border_align.call import BorderAlignCall
    from ..operators.deform_roi_pool.call import DeformedCall
    from ..operators.prroi_pool.call import PrRoiPoolCall
    from ..operators.riroi_align_rotated.call import RotationInvariantCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall
    from ._script import Script

    Arguments = dict[str, np.ndarray | np.generic]

_THREADS, _MOST_BLOCKS = 512, 4096
_FOLDER = "ops/csrc/common/cuda"
_HELPER = "common_cuda_helper.hpp"
_OF_PYTORCH = {"pytorch_cuda_helper.hpp": f'#include <float.h>\n#include <math.h>\n#include "{_HELPER}"\n'}
"""In the place of a header that includes PyTorch's, and by them these."""
_FLOATS = ("float32", "float64")
_OF_MAPS = (Operation.FORWARD, Operation.FEATURE_GRADIENT)
_NO_ADDRESS = np.uint64(0)


def _folder() -> Path:
    """Where mmcv, which is not imported, keeps its CUDA texts."""
    found = importlib.util.find_spec("mmcv")
    for place in (found.submodule_search_locations if found else None) or ():
        if (folder := Path(place) / _FOLDER).joinpath(_HELPER).is_file():
            return folder
    raise Unavailable(f"this mmcv came without its CUDA texts; with them: {MmcvPtx.install}")


def _sizes(maps: np.ndarray) -> Arguments:
    _, channels, height, width = map(np.int32, maps.shape)
    return {"channels": channels, "height": height, "width": width}


class MmcvPtx:
    """The PTX of mmcv's CUDA kernels, as NVRTC makes it for ``ROIKIT_PTX_ARCHITECTURE``."""

    requires: ClassVar[tuple[str, ...]] = ("mmcv",)
    install: ClassVar[str] = "roikit peers install mmcv-ptx"
    scripts: ClassVar[Mapping[str, Script]] = {}
    only_by_name: ClassVar[bool] = True  # some tens of results a second
    turns: ClassVar[Mapping[str, bool]] = {"mmcv": False, "mmcv-clockwise": True}

    def __init__(self) -> None:
        """Says here, and not in every case, that there is no text, no NVRTC or no compiler."""
        nvrtc = nvrtc_version("pip install 'roikit[nvrtc]'")
        folder = _folder()
        headers = {**_OF_PYTORCH, _HELPER: folder.joinpath(_HELPER).read_text(encoding="utf-8")}
        self._texts = {
            path.name.removesuffix("_cuda_kernel.cuh"): CudaText(path.read_text(encoding="utf-8"), headers)
            for path in folder.glob("*_cuda_kernel.cuh")
        }
        self._description = Description(
            version=f"{importlib.metadata.version('mmcv')} (CUDA; PTX of NVRTC {nvrtc} for {ARCHITECTURE}, on a CPU)",
            homepage="https://github.com/open-mmlab/mmcv",
            dialects=tuple(Mmcv.aligned),
            modes=("avg", "max"),
            dtypes=_FLOATS,
            operations=_OF_MAPS,
            operators={
                "roi_pool": Capability(dialects=("mmcv",), modes=("max",), dtypes=_FLOATS, operations=_OF_MAPS),
                "roi_align_rotated": Capability(dialects=tuple(Mmcv.turns), operations=_OF_MAPS),
                "riroi_align_rotated": Capability(dialects=tuple(self.turns), operations=_OF_MAPS),
                "prroi_pool": Capability(dialects=("mmcv",), operations=(*_OF_MAPS, Operation.BOX_GRADIENT)),
                "deform_roi_pool": Capability(
                    dialects=("mmcv",), operations=(*_OF_MAPS, Operation.OFFSET_GRADIENT), dtypes=_FLOATS
                ),
                "border_align": Capability(dialects=("mmcv",), modes=("max",), dtypes=_FLOATS, operations=_OF_MAPS),
            },
        )

    def describe(self) -> Description:
        """Describes the texts."""
        return self._description

    def _launch(self, kernel: str, count: int, arguments: Arguments, block: tuple[int, int] = (_THREADS, 1)) -> None:
        """Launches a kernel for so many results. Its data type is that of its first array."""
        name = kernel.partition("_forward")[0].partition("_backward")[0].partition("_coor")[0]
        dtype = next(value.dtype.name for value in arguments.values() if isinstance(value, np.ndarray))
        grid = min(-(-count // _THREADS), _MOST_BLOCKS)
        self._texts[name].launch(
            f"{kernel}_cuda_kernel", dtype, grid, block, {"nthreads": np.int32(count), **arguments}
        )

    def _given(
        self, call: Any, columns: int = 5
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, np.int32], np.generic]:
        """Maps, rows of boxes, an output of zeros, the numbers of bins, and the scale, as kernels take them."""
        require_described(call, self._description)
        maps, boxes = contiguous(call.input), contiguous(boxes_like_input(call))
        if boxes.shape[1] != columns:
            raise ValueError("wrong roi size")
        bins = {"pooled_height": np.int32(call.output_size[0]), "pooled_width": np.int32(call.output_size[1])}
        output = np.zeros((len(boxes), maps.shape[1], *call.output_size), maps.dtype)
        return maps, boxes, output, bins, maps.dtype.type(np.float32(call.single_scale()))

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``roi_align``; before a gradient of maxima, what finds them."""
        maps, boxes, output, bins, scale = self._given(call)
        is_mean = call.mode == "avg"
        places = [np.zeros(0 if is_mean else output.shape, maps.dtype) for _ in range(2)]
        how = {
            **bins,
            "spatial_scale": scale,
            "sampling_ratio": np.int32(call.single_sampling_ratio()),
            "pool_mode": np.int32(is_mean),
            "aligned": np.bool_(Mmcv.aligned[call.dialect]),
            **_sizes(maps),
        }
        found = {"argmax_y": places[0], "argmax_x": places[1]}
        if call.operation == Operation.FORWARD or not is_mean:
            given = {"input": maps, "rois": boxes, "output": output, **found, **how}
            self._launch("roi_align_forward", output.size, given)
        if call.operation == Operation.FORWARD:
            return output
        gradient, grad = np.zeros_like(maps), _arriving(call)
        given = {"grad_output": grad, "rois": boxes, **found, "grad_input": gradient, **how}
        self._launch("roi_align_backward", grad.size, given)
        return gradient

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``roi_pool``, which finds the maxima that its gradient is told."""
        maps, boxes, output, bins, scale = self._given(call)
        found = np.zeros(output.shape, np.int32)
        how = {**bins, "spatial_scale": scale, **_sizes(maps)}
        given: Arguments = {"input": maps, "rois": boxes, "output": output, "argmax": found, **how}
        self._launch("roi_pool_forward", output.size, given)
        if call.operation == Operation.FORWARD:
            return output
        gradient, grad = np.zeros_like(maps), _arriving(call)
        del how["spatial_scale"]
        given = {"grad_output": grad, "rois": boxes, "argmax": found, "grad_input": gradient, **how}
        self._launch("roi_pool_backward", grad.size, given)
        return gradient

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``roi_align_rotated``."""
        maps, boxes, output, bins, scale = self._given(call, columns=6)
        turn = Mmcv.turns[call.dialect]
        how: Arguments = {
            "rois": boxes,
            "spatial_scale": scale,
            "sampling_ratio": np.int32(call.single_sampling_ratio()),
            "aligned": np.bool_(turn["aligned"]),
            "clockwise": np.bool_(turn["clockwise"]),
            **_sizes(maps),
            **bins,
        }
        return self._turned("roi_align_rotated", call, maps, output, how)

    def riroi_align_rotated(self, call: RotationInvariantCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``riroi_align_rotated``, which is told the number of features, and not of channels."""
        maps, boxes, output, bins, scale = self._given(call, columns=6)
        orientations = call.num_orientations
        how: Arguments = {
            "rois": boxes,
            "spatial_scale": scale,
            "num_samples": np.int32(call.single_sampling_ratio()),
            "clockwise": np.bool_(self.turns[call.dialect]),
            **_sizes(maps),
            "channels": np.int32(maps.shape[1] // orientations),
            **bins,
            "num_orientations": np.int32(orientations),
        }
        return self._turned("riroi_align_rotated", call, maps, output, how)

    def _turned(self, name: str, call: Any, maps: np.ndarray, output: np.ndarray, how: Arguments) -> np.ndarray:
        """What is pooled of turned boxes, or its gradient for the maps: their kernels take results last."""
        if call.operation == Operation.FORWARD:
            self._launch(f"{name}_forward", output.size, {"bottom_data": maps, **how, "top_data": output})
            return output
        gradient, grad = np.zeros_like(maps), _arriving(call)
        self._launch(f"{name}_backward", grad.size, {"top_diff": grad, **how, "bottom_diff": gradient})
        return gradient

    def prroi_pool(self, call: PrRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``prroi_pool``; the gradient for boxes is told what was pooled."""
        maps, boxes, output, bins, scale = self._given(call)
        how = {**bins, "spatial_scale": scale, **_sizes(maps)}
        if call.operation != Operation.FEATURE_GRADIENT:
            given: Arguments = {"input": maps, "rois": boxes, "output": output, **how}
            self._launch("prroi_pool_forward", output.size, given)
        if call.operation == Operation.FORWARD:
            return output
        grad = _arriving(call)
        if call.operation == Operation.FEATURE_GRADIENT:
            gradient = np.zeros_like(maps)
            given = {"grad_output": grad, "rois": boxes, "grad_input": gradient, **how}
            self._launch("prroi_pool_backward", grad.size, given)
            return gradient
        gradient = np.zeros_like(boxes)
        given = {"output": output, "grad_output": grad, "input": maps, "rois": boxes, "grad_rois": gradient, **how}
        self._launch("prroi_pool_coor_backward", grad.size, given)
        return np.ascontiguousarray(gradient[:, 1:])

    def deform_roi_pool(self, call: DeformedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``deform_roi_pool``, whose gradients are made together."""
        maps, boxes, output, bins, scale = self._given(call)
        offset = _NO_ADDRESS if call.offset is None else contiguous(call.offset)
        how: Arguments = {
            **bins,
            "spatial_scale": scale,
            "sampling_ratio": np.int32(call.single_sampling_ratio()),
            "gamma": maps.dtype.type(np.float32(call.gamma)),
            **_sizes(maps),
        }
        if call.operation == Operation.FORWARD:
            given: Arguments = {"input": maps, "rois": boxes, "offset": offset, "output": output, **how}
            self._launch("deform_roi_pool_forward", output.size, given)
            return output
        gradient, grad = np.zeros_like(maps), _arriving(call)
        of_offset = np.zeros_like(offset) if isinstance(offset, np.ndarray) else _NO_ADDRESS
        given = {
            "grad_output": grad,
            "input": maps,
            "rois": boxes,
            "offset": offset,
            "grad_input": gradient,
            "grad_offset": of_offset,
            **how,
        }
        self._launch("deform_roi_pool_backward", grad.size, given)
        return np.asarray(of_offset) if call.operation == Operation.OFFSET_GRADIENT else gradient

    def border_align(self, call: BorderAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Launches ``border_align``, a row of threads for each side; it finds the maxima that its gradient is told."""
        require_described(call, self._description)
        boxes_like_input(call)
        maps, dense = contiguous(call.input), call.dense()
        boxes = contiguous(dense.boxes, maps.dtype)
        images, channels, height, width = maps.shape
        count = images * (channels // 4) * boxes.shape[1]
        output = np.zeros((images, channels // 4, boxes.shape[1], 4), maps.dtype)
        found = np.zeros(output.shape, np.int32)
        how: Arguments = {
            "channels": np.int32(channels // 4),
            "box_size": np.int32(boxes.shape[1]),
            "height": np.int32(height),
            "width": np.int32(width),
            "pool_size": np.int32(call.pool_size),
        }
        given: Arguments = {"input": maps, "boxes": boxes, "output": output, "argmax_idx": found, **how}
        self._launch("border_align_forward", count, given, (128, 4))
        if call.operation == Operation.FORWARD:
            return dense.rows(output)
        gradient, grad = np.zeros_like(maps), contiguous(dense.spread(_arriving(call)))
        given = {"grad_output": grad, "boxes": boxes, "argmax_idx": found, "grad_input": gradient, **how}
        self._launch("border_align_backward", count, given, (128, 4))
        return call.answered(gradient)


def _arriving(call: Any) -> np.ndarray:
    """The gradient that arrives at the output."""
    return contiguous(call.arrays()["grad"])
