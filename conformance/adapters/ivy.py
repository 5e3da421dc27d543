"""ivy, with its NumPy backend.

Facts: ``ivy/functional/ivy/layers.py`` of 1.0.0.5, a transcription of torchvision's Python function, and running it.

* ``aligned`` is a boolean argument, False by default.
* Adaptive sampling is asked for by a ``sampling_ratio`` of 0 or less; the default is -1.
* Boxes are ``(K, 5)`` in the data type of the maps.
* A call takes a tenth of a second at least, so that only one data type is offered.
"""

from __future__ import annotations

from contextlib import chdir
from tempfile import gettempdir
from typing import TYPE_CHECKING, ClassVar

from ..implementation import Description
from ._call import require_described
from ._script import Boxes, Script, each

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..operators.roi_align.call import RoiAlignCall


class Ivy:
    """``ivy.roi_align``."""

    requires: ClassVar[tuple[str, ...]] = ("ivy",)
    install: ClassVar[str] = 'pip install ivy "numpy<2" "setuptools<81"'
    aligned: ClassVar[dict[str, bool]] = {"torchvision-python": False, "torchvision-python-aligned": True}
    scripts: ClassVar[Mapping[str, Script]] = {
        "roi_align": Script(each("aligned", aligned), Boxes.ROWS, ("float32",), ("avg",))
    }

    def __init__(self) -> None:
        with chdir(gettempdir()):  # ivy leaves an empty ivy_logs.txt where it is first imported
            import ivy

        ivy.set_backend("numpy")
        self._ivy = ivy
        self._description = Description(
            version=ivy.__version__,
            homepage="https://github.com/ivy-llc/ivy",
            dialects=tuple(self.aligned),
        )

    def describe(self) -> Description:
        """Describes the loaded library."""
        return self._description

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function."""
        require_described(call, self._description)
        pooled = self._ivy.roi_align(
            self._ivy.array(call.input),
            self._ivy.array(call.boxes),
            call.output_size,
            spatial_scale=call.single_scale(),
            sampling_ratio=call.single_sampling_ratio(),
            aligned=self.aligned[call.dialect],
        )
        result: np.ndarray = self._ivy.to_numpy(pooled)
        return result
