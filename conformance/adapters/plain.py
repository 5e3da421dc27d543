"""A plain function with torchvision's signature: ``f(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)``."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from ...kernels.dialects.choices import Offset
from ...kernels.dialects.roi_align import DIALECTS
from ..implementation import Description
from ..operator import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ..operators.roi_align.call import RoiAlignCall

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
            operations=tuple(Operation) if self._arrays == "torch" else (Operation.FORWARD,),
        )

    def _parameters(self) -> tuple[str, ...]:
        try:
            return tuple(inspect.signature(self._function).parameters)
        except (TypeError, ValueError):  # a compiled function
            return ()

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function; ``sampling_ratio`` is -1 for adaptive sampling, as in torchvision.

        A gradient is that of automatic differentiation, if the function is of torch tensors.
        """
        del out
        ratio, scale = call.single_sampling_ratio(), call.single_scale()
        keywords = {"mode": call.mode} if call.mode != "avg" else {}

        def pool(maps: Any, boxes: Any) -> Any:
            aligned = DIALECTS[call.dialect].offset != Offset.NONE
            adaptive_or = ratio if ratio > 0 else -1
            return self._function(maps, boxes, call.output_size, scale, adaptive_or, aligned, **keywords)

        if self._arrays == "torch":
            from ._torch_gradient import answer

            return answer(call, call.boxes, pool)
        if self._arrays == "cupy":
            import cupy

            return cupy.asnumpy(pool(cupy.asarray(call.input), cupy.asarray(call.boxes)))  # type: ignore[no-any-return]
        return pool(call.input, call.boxes)  # type: ignore[no-any-return]  # the worker looks whether it is an array
