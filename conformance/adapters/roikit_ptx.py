"""roikit's own kernels as PTX, run thread by thread on the CPU, by the way that calls take to a GPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from ... import kernels
from ...kernels.emulation.stand_in import emulated
from ..implementation import Unavailable
from .roikit import (
    _aligned,
    _cropped,
    _deformed,
    _description,
    _integrated,
    _of_levels,
    _pooled,
    _rotated,
    _selected,
    _selected_samples,
    _weighed,
    joined,
)
from .roikit_sides import bordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from ..call import Call
    from ..implementation import Description
    from ..operators.border_align.call import BorderAlignCall
    from ..operators.crop_and_resize.call import CropAndResizeCall
    from ..operators.deform_roi_pool.call import DeformedCall
    from ..operators.multiscale_roi_align.call import MultiscaleRoiAlignCall
    from ..operators.prroi_pool.call import PrRoiPoolCall
    from ..operators.ps_roi_align.call import PsRoiAlignCall
    from ..operators.ps_roi_pool.call import PsRoiPoolCall
    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_align_rotated.call import RotatedCall
    from ..operators.roi_pool.call import RoiPoolCall
    from ..operators.weighted_roi_align.call import WeightedRoiAlignCall
    from ._script import Script


class RoikitPtx:
    """The kernels' PTX, as NVRTC makes it for ``architecture``."""

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = "pip install 'roikit[nvrtc]'"
    scripts: ClassVar[Mapping[str, Script]] = {}
    only_by_name: ClassVar[bool] = True  # some thirty results a second

    architecture = os.environ.get("ROIKIT_PTX_ARCHITECTURE", "sm_90")
    """What a worker is told by its environment: arguments it gets none."""

    def __init__(self) -> None:
        """Says here, and not in every case, that there is no NVRTC or no compiler."""
        try:
            from cuda.bindings import nvrtc

            (error, major, minor) = nvrtc.nvrtcVersion()
        except (ImportError, RuntimeError) as missing:
            raise Unavailable(f"NVRTC is not installed: {self.install}, and a C++ compiler") from missing
        if int(error):
            raise Unavailable(f"NVRTC does not work: {error!r}")
        try:
            kernels.host.compiler()
        except kernels.CompilerNotFoundError as missing:
            raise Unavailable(str(missing)) from missing
        self._nvrtc = f"{major}.{minor}"

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        return _description(f"PTX of NVRTC {self._nvrtc} for {self.architecture}, on a CPU", on_host=False)

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_align.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        return self._answer(_aligned, call)

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_pool.forward`, or its gradient, with copies of the arrays on the device."""
        del out
        return self._answer(_pooled, call)

    def ps_roi_pool(self, call: PsRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.ps_roi_pool.forward`, or its gradient, with copies of the arrays on the device."""
        del out
        return self._answer(_selected, call)

    def ps_roi_align(self, call: PsRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.ps_roi_align.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        return self._answer(_selected_samples, call)

    def crop_and_resize(self, call: CropAndResizeCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.crop_and_resize.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        return self._answer(_cropped, call)

    def prroi_pool(self, call: PrRoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.prroi_pool.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        return self._answer(_integrated, call)

    def roi_align_rotated(self, call: RotatedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_align_rotated.forward`, or its gradients, with copies of the arrays there."""
        del out
        return self._answer(_rotated, call)

    def border_align(self, call: BorderAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.border_align.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        with emulated(self.architecture) as cupy:
            return bordered(call, cupy.asarray, cupy.asnumpy)

    def deform_roi_pool(self, call: DeformedCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.deform_roi_pool.forward`, or its gradients, with copies of the arrays on the device."""
        del out
        return self._answer(_deformed, call)

    def multiscale_roi_align(self, call: MultiscaleRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_align.multiscale` with copies of the arrays on the device."""
        del out
        with emulated(self.architecture) as cupy:
            return joined(call, _of_levels(call, cupy.asarray), cupy.asnumpy)

    def weighted_roi_align(self, call: WeightedRoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.weighted_roi_align.forward` with copies of the arrays on the device."""
        del out
        return self._answer(_weighed, call)

    def _answer(self, make: Callable[..., Any], call: Call) -> np.ndarray:
        with emulated(self.architecture) as cupy:
            return cupy.asnumpy(make(call, cupy.asarray))  # type: ignore[no-any-return]
