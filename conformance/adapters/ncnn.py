"""ncnn on a CPU: its layer ROIAlign, which has two versions of one function, and its layers ROIPooling and PSROIPooling.

Facts: the parameters of the layer, ``src/layer/roialign.cpp``, and running 1.0.20261020.

* ``aligned`` is parameter 4, off by default.
* Parameter 5 is the version: 1 is the function that most others compute, 0, the default, clips bins to the map before it counts
  samples. No named dialect does that; version 0 claims those of version 1.
* Adaptive sampling is asked for by a sampling ratio of 0, the default.
* One RoI of one image is pooled per run: a batch index picks the image, and is never seen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..call import Unsupported
from ..implementation import Description
from ._call import channels_of_output, corners_and_indices, require_described
from ._script import Boxes, Script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall

_NETWORK = """7767517
3 3
Input maps 0 1 maps
Input roi 0 1 roi
{layer}
"""
_ALIGN = "ROIAlign align 2 1 maps roi pooled 0={width} 1={height} 2={scale:.9e} 3={ratio} 4={aligned} 5={version}"
_SELECT = "PSROIPooling pool 2 1 maps roi pooled 0={width} 1={height} 2={scale:.9e} 3={channels}"
_POOL = "ROIPooling pool 2 1 maps roi pooled 0={width} 1={height} 2={scale:.9e}"


_ALIGNED = {"ncnn-version-1": 0, "ncnn-version-1-aligned": 1}


def _script(version: int) -> Script:
    fields = {dialect: {"aligned": aligned, "version": version} for dialect, aligned in _ALIGNED.items()}
    return Script(fields, Boxes.BY_IMAGE, ("float32",), ("avg",))


def _require_channels(call: Any) -> None:
    channels_of_output(call, call.output_size)


class Ncnn:
    """The layer ROIAlign with ``version=1``, and the layers ROIPooling and PSROIPooling."""

    requires: ClassVar[tuple[str, ...]] = ("ncnn",)
    install: ClassVar[str] = "pip install ncnn"
    aligned: ClassVar[dict[str, int]] = _ALIGNED
    version: ClassVar[int] = 1
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": _script(version=1),
        "roi_pool": Script({"ncnn": {}}, Boxes.BY_IMAGE, ("float32",), ("max",)),
        "ps_roi_pool": Script({"ncnn": {}}, Boxes.BY_IMAGE, ("float32",), ("avg",), require=_require_channels),
    }

    def __init__(self) -> None:
        import ncnn

        self._ncnn = ncnn
        self._net = lru_cache(maxsize=256)(self._load)
        self._description = Description(
            version=ncnn.__version__,
            homepage="https://github.com/Tencent/ncnn",
            dialects=tuple(self.aligned),
            operators={name: script.capability() for name, script in self.scripts.items() if name != "roi_align"},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the layer once for each RoI."""
        require_described(call, self._description)
        layer = _ALIGN.format(
            height=call.output_size[0],
            width=call.output_size[1],
            scale=call.single_scale(),
            ratio=call.single_sampling_ratio(),
            aligned=self.aligned[call.dialect],
            version=self.version,
        )
        return self._answer(call, layer)

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the layer once for each RoI."""
        require_described(call, self._description)
        height, width = call.output_size
        return self._answer(call, _POOL.format(height=height, width=width, scale=call.single_scale()))

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the layer once for each RoI."""
        require_described(call, self._description)
        (height, width), channels = call.output_size, channels_of_output(call, call.output_size)
        layer = _SELECT.format(height=height, width=width, scale=call.single_scale(), channels=channels)
        return self._answer(call, layer)

    def _answer(self, call: RoiAlignCall | RoiPoolCall | PsRoiPoolCall, layer: str) -> np.ndarray:
        if not len(call.boxes):
            raise Unsupported("a run without a RoI")
        corners, indices = corners_and_indices(call)
        if not ((indices >= 0) & (indices < len(call.input))).all():
            raise Unsupported("batch indices: a run has one image")
        net = self._net(layer)
        images = [np.ascontiguousarray(image) for image in call.input]
        return np.stack([self._run(net, images[i], roi) for i, roi in zip(indices, corners, strict=True)])

    def _run(self, net: Any, image: np.ndarray, roi: np.ndarray) -> np.ndarray:
        extractor = net.create_extractor()
        extractor.input("maps", self._ncnn.Mat(image).clone())
        extractor.input("roi", self._ncnn.Mat(roi).clone())
        status, pooled = extractor.extract("pooled")
        if status != 0:
            raise ValueError(f"the extractor returned {status}")
        return np.array(pooled)

    def _load(self, layer: str) -> Any:
        net = self._ncnn.Net()
        net.opt.num_threads = 1
        text = _NETWORK.format(layer=layer)
        if net.load_param_mem(text) != 0:
            raise ValueError(f"ncnn cannot load\n{text}")
        net.load_model_mem(b"")
        return net


class NcnnVersion0(Ncnn):
    """The layer ROIAlign as it is by default."""

    version: ClassVar[int] = 0
    scripts: ClassVar[Mapping[str, Script]] = {"roi_align": _script(version=0)}
