"""roikit's own kernels, judged like everyone else's: on the CPU through the host executor, on a GPU through CuPy."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from ... import kernels
from ...kernels.dialects.roi_align import DIALECTS, Dialect
from ..implementation import Description, Unavailable
from ..operator import Operation
from ._script import ALL, Boxes, Script, each

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from ..operators.roi_align.call import RoiAlignCall


def _answer(call: RoiAlignCall, arrays: Callable[[np.ndarray], Any], out: Any = None) -> Any:
    """Makes the call with ``arrays`` of its arrays."""
    how: dict[str, Any] = {"mode": call.mode, "layout": call.layout, "dialect": call.dialect, "check": True}
    where = (call.spatial_scale, call.sampling_ratio)
    boxes = arrays(call.boxes)
    if call.operation == Operation.FORWARD:
        return kernels.roi_align(arrays(call.input), boxes, call.output_size, *where, **how, out=out)
    assert call.grad is not None
    grad = arrays(call.grad)
    if call.operation == Operation.BOX_GRADIENT:
        return kernels.roi_align_backward_boxes(grad, arrays(call.input), boxes, *where, **how)
    return kernels.roi_align_backward(grad, boxes, call.input.shape, *where, **how, input=arrays(call.input))


def _distinct_dialects() -> tuple[str, ...]:
    """Returns the first name of each dialect: what conforms under it conforms under all its names."""
    names: dict[Dialect, str] = {}
    for name, dialect in DIALECTS.items():
        names.setdefault(dialect, name)
    return tuple(names.values())


def _description(where: str, *, on_host: bool) -> Description:
    return Description(
        version=f"{version('roikit')} ({where})",
        homepage="",
        dialects=_distinct_dialects(),
        modes=("avg", "max"),
        dtypes=("float16", "bfloat16", "float32", "float64"),
        layouts=("NCHW", "NHWC"),
        operations=tuple(Operation),
        takes_out=on_host,
        reads_in_place=on_host,
    )


class RoikitHost:
    """The kernels on the CPU."""

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = "pip install roikit"
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(each("dialect", {name: name for name in DIALECTS}), Boxes.WIDE_ROWS, ALL, pairs=True)
    }

    def __init__(self) -> None:
        """Says here, and not in every case, that there is no compiler."""
        try:
            self._compiler = " ".join(kernels.host.compiler())
        except kernels.CompilerNotFoundError as error:
            raise Unavailable(str(error)) from error

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        return _description(f"CPU, {self._compiler}", on_host=True)

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_align.forward`, or its gradients."""
        return _answer(call, lambda array: array, out)  # type: ignore[no-any-return]


class RoikitDevice:
    """The kernels on a GPU."""

    requires: ClassVar[tuple[str, ...]] = ("cupy",)
    install: ClassVar[str] = "pip install 'roikit[cuda13]'  # or [cuda12]; needs an NVIDIA GPU"

    def __init__(self) -> None:
        """Says here if CuPy finds no GPU."""
        import cupy

        if not cupy.is_available():
            raise Unavailable("CuPy finds no usable GPU")
        self._cupy = cupy

    def describe(self) -> Description:
        """All dialects, modes, data types and layouts."""
        cupy = self._cupy
        name = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.Device().id)["name"].decode()
        return _description(f"{name}, CuPy {cupy.__version__}", on_host=False)

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls `roikit.kernels.operators.roi_align.forward` with copies of the arrays on the GPU."""
        del out
        return self._cupy.asnumpy(_answer(call, self._cupy.asarray))  # type: ignore[no-any-return]
