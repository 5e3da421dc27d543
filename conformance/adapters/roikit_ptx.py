"""roikit's own kernels as PTX, run thread by thread on the CPU, by the way that calls take to a GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ...kernels.emulation.stand_in import emulated
from ._cuda_text import ARCHITECTURE, nvrtc_version
from .roikit import _description
from .roikit_calls import OfEveryOperator, made

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..implementation import Description
    from ._script import Script


class RoikitPtx(OfEveryOperator):
    """The kernels' PTX, as NVRTC makes it for ``ROIKIT_PTX_ARCHITECTURE``."""

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = "pip install 'roikit[nvrtc]'"
    scripts: ClassVar[Mapping[str, Script]] = {}
    only_by_name: ClassVar[bool] = True  # some thirty results a second

    def __init__(self) -> None:
        """Says here, and not in every case, that there is no NVRTC or no compiler."""
        self._nvrtc = nvrtc_version(self.install)

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        return _description(f"PTX of NVRTC {self._nvrtc} for {ARCHITECTURE}, on a CPU", on_host=False)

    def _made(self, call: Any, out: np.ndarray | None) -> np.ndarray:
        del out
        with emulated(ARCHITECTURE) as cupy:
            return made(call, cupy.asarray, cupy.asnumpy)
