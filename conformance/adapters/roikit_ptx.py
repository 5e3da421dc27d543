"""roikit's own kernels as PTX, run thread by thread on the CPU, by the way that calls take to a GPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from ... import kernels
from ...kernels.emulation.stand_in import emulated
from ..implementation import Unavailable
from .roikit import _description
from .roikit_calls import OfEveryOperator, made

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..implementation import Description
    from ._script import Script


class RoikitPtx(OfEveryOperator):
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

    def _made(self, call: Any, out: np.ndarray | None) -> np.ndarray:
        del out
        with emulated(self.architecture) as cupy:
            return made(call, cupy.asarray, cupy.asnumpy)
