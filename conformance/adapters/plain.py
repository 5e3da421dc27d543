"""A plain function with torchvision's signature: ``f(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)``."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...kernels.dialect import DIALECTS, Offset
from ..implementation import Description, RoiAlignCall, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

ARRAYS = ("auto", "numpy", "torch", "cupy")


class PlainCallable:
    """Judges a function that takes and returns NumPy, torch or CuPy arrays.

    ``arrays`` says which. With ``"auto"`` they are torch's if importing the function's module has imported torch, CuPy's
    if it has imported CuPy, and NumPy's otherwise.
    """

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = ""

    def __init__(self, module: str, function: str, arrays: str) -> None:
        """Imports ``function`` of ``module``."""
        loaded = importlib.import_module(module)
        self._function: Callable[..., Any] = getattr(loaded, function)
        if not callable(self._function):
            raise TypeError(f"{module}:{function} is not callable")
        if arrays == "auto":
            arrays = next((name for name in ("torch", "cupy") if name in sys.modules), "numpy")
        self._arrays = arrays
        self._version = str(getattr(sys.modules.get(module.partition(".")[0]), "__version__", "unknown version"))

    def describe(self) -> Description:
        """A function may follow any dialect; the runner is told which."""
        return Description(
            version=self._version,
            homepage="",
            dialects=tuple(DIALECTS),
            modes=("avg", "max") if "mode" in self._parameters() else ("avg",),
            dtypes=("float16", "bfloat16", "float32", "float64"),
        )

    def _parameters(self) -> tuple[str, ...]:
        try:
            return tuple(inspect.signature(self._function).parameters)
        except (TypeError, ValueError):  # a compiled function
            return ()

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function; ``sampling_ratio`` is -1 for adaptive sampling, as in torchvision."""
        del out
        ratio = call.single_sampling_ratio()
        keywords = {"mode": call.mode} if call.mode != "avg" else {}
        result = self._function(
            self._hand_over(call.input),
            self._hand_over(call.boxes),
            call.output_size,
            call.single_scale(),
            ratio if ratio > 0 else -1,
            DIALECTS[call.dialect].offset != Offset.NONE,
            **keywords,
        )
        return self._take_back(result)

    def _hand_over(self, array: np.ndarray) -> Any:
        if self._arrays == "numpy":
            return array
        if self._arrays == "cupy":
            import cupy

            return cupy.asarray(array)
        import torch

        if array.dtype.name == "bfloat16":
            return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(array)

    def _take_back(self, result: Any) -> np.ndarray:
        if self._arrays == "cupy":
            import cupy

            return cupy.asnumpy(result)  # type: ignore[no-any-return]
        if self._arrays == "torch":
            import torch

            if result.dtype == torch.bfloat16:
                raise Unsupported("bfloat16 results of torch")
            return result.detach().cpu().numpy()  # type: ignore[no-any-return]
        return result  # type: ignore[no-any-return]  # the worker looks whether it is an array
