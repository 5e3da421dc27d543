"""keras-hub's RoIAlign, a part of its model SAM3, with Keras's NumPy backend.

Facts: ``keras_hub/src/models/sam3/roi_align.py`` of 0.32.0, a transcription of torchvision's Python function, and running it.

* ``aligned`` is a boolean argument, False by default.
* Sampling is always adaptive.
* Boxes are ``(K, 5)``; maps are in NHWC, and their shape is told besides. Everything is computed in float32 and converted to
  the data type of the maps, silently: which is why float64 is not offered.
* The file is loaded by its path, since importing the package needs TensorFlow.
"""

from __future__ import annotations

import importlib.util
import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Unsupported
from ..implementation import Description
from ._call import require_described
from ._script import Boxes, Script, each

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.roi_align.call import RoiAlignCall


def _require_adaptive_sampling(call: RoiAlignCall) -> None:
    if any(ratio > 0 for ratio in call.sampling_ratio):
        raise Unsupported("a fixed sampling ratio")


class KerasHub:
    """``keras_hub.src.models.sam3.roi_align.roi_align``."""

    requires: ClassVar[tuple[str, ...]] = ("keras", "keras_hub")
    install: ClassVar[str] = "pip install keras scipy jax && pip install --no-deps keras-hub"
    aligned: ClassVar[dict[str, bool]] = {"torchvision-python": False, "torchvision-python-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(
            each("aligned", aligned),
            Boxes.WIDE_ROWS,
            ("float32", "float16"),
            ("avg",),
            require=_require_adaptive_sampling,
        )
    }

    def __init__(self) -> None:
        os.environ["KERAS_BACKEND"] = "numpy"
        import keras

        self._roi_align = _load().roi_align
        self._description = Description(
            version=f"{version('keras-hub')} (keras {keras.__version__}, NumPy)",
            homepage="https://keras.io/keras_hub/",
            dialects=tuple(self.aligned),
            dtypes=("float16", "float32"),
            layouts=("NHWC",),
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function as the model does."""
        require_described(call, self._description)
        _require_adaptive_sampling(call)
        result: np.ndarray = self._roi_align(
            call.input,
            call.boxes,
            call.output_size,
            *call.input.shape[1:],
            spatial_scale=call.single_scale(),
            aligned=self.aligned[call.dialect],
        )
        return result


def _load() -> Any:
    """The module of the one file."""
    package = importlib.util.find_spec("keras_hub")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "src" / "models" / "sam3" / "roi_align.py"
    spec = importlib.util.spec_from_file_location("keras_hub_roi_align", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
