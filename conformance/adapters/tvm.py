"""TVM's Relax operators on a CPU, compiled with LLVM and TVM's default schedules.

Facts: ``tvm/relax/op/vision/roi_align.py`` and ``tvm/topi/vision/roi_align.py`` of 0.27.0, and running them.

* ``aligned`` is a boolean argument, False by default. True omits the least extent, and nothing else: importers are to shift
  boxes themselves.
* Adaptive sampling is asked for by a ``sample_ratio`` of 0 or less; the default is -1.
* Boxes are ``(K, 5)`` in the data type of the maps, in which the operator also computes.
* Each setting is compiled, in a quarter of a second or more, so that only one data type is offered.

``roi_pool`` takes the same boxes, and computes in the data type of the maps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..implementation import Description
from ._call import boxes_like_input, require_described
from ._script import FLOATS, Boxes, Script, each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..operators.roi_align.call import RoiAlignCall
    from ..operators.roi_pool.call import RoiPoolCall


class Tvm:
    """``tvm.relax.op.vision.roi_align`` and ``roi_pool``."""

    requires: ClassVar[tuple[str, ...]] = ("tvm",)
    install: ClassVar[str] = "pip install apache-tvm"
    aligned: ClassVar[dict[str, bool]] = {"tvm": False, "tvm-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(each("aligned", aligned), Boxes.ROWS, ("float32",)),
        "roi_pool": Script({"tvm": {}}, Boxes.ROWS, FLOATS, ("max",)),
    }

    def __init__(self) -> None:
        import tvm

        self._tvm = tvm
        self._function = lru_cache(maxsize=4096)(self._compile)
        self._description = Description(
            version=tvm.__version__,
            homepage="https://tvm.apache.org",
            dialects=tuple(self.aligned),
            modes=("avg", "max"),
            layouts=("NCHW", "NHWC"),
            operators={"roi_pool": self.scripts["roi_pool"].capability()},
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's function, which is kept compiled for later calls."""
        require_described(call, self._description)
        scale, ratio = call.single_scale(), call.single_sampling_ratio()
        attributes = (call.output_size, scale, ratio, self.aligned[call.dialect], call.layout, call.mode)
        function = self._function("roi_align", call.input.dtype.name, *attributes)
        result: np.ndarray = function(self._tensor(call.input), self._tensor(call.boxes)).numpy()
        return result

    def roi_pool(self, call: RoiPoolCall, out: np.ndarray | None = None) -> np.ndarray:
        """Runs the call's function, which is kept compiled for later calls."""
        require_described(call, self._description)
        attributes = (call.output_size, call.single_scale(), call.layout)
        function = self._function("roi_pool", call.input.dtype.name, *attributes)
        result: np.ndarray = function(self._tensor(call.input), self._tensor(boxes_like_input(call))).numpy()
        return result

    def _tensor(self, array: np.ndarray) -> Any:
        return self._tvm.runtime.tensor(np.ascontiguousarray(array))

    def _compile(self, name: str, dtype: str, *attributes: Any) -> Any:
        """Compiles an operator for any shapes; ``attributes`` are those of the operator, in its order."""
        from tvm import relax, tirx

        shape = [tirx.Var(name, "int64") for name in ("n", "a", "b", "c")]
        maps = relax.Var("maps", relax.TensorType(shape, dtype))
        boxes = relax.Var("boxes", relax.TensorType((tirx.Var("k", "int64"), 5), dtype))
        builder = relax.BlockBuilder()
        with builder.function("main", [maps, boxes]):
            with builder.dataflow():
                pool = getattr(relax.op.vision, name)
                pooled = builder.emit_output(builder.emit(pool(maps, boxes, *attributes)))
            builder.emit_func_output(pooled)
        module = relax.transform.LegalizeOps()(builder.get())
        return relax.VirtualMachine(self._tvm.compile(module, target="llvm"), self._tvm.cpu())["main"]
