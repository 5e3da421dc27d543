"""What an implementation of RoIAlign must offer to be judged, and where implementations are found.

An adapter is a class without arguments that meets `Implementation`. It is registered under the entry-point group
``roikit.implementations`` and is only ever instantiated in a worker process of its own, so it may import whatever it needs
in ``__init__`` and need not fear for the process. Importing an adapter's *module* must need nothing but NumPy.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from .operator import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    import numpy as np

    from .operators.roi_align.call import RoiAlignCall

ENTRY_POINT_GROUP = "roikit.implementations"


class Unavailable(Exception):  # noqa: N818 - a statement, not an error
    """Raised by an adapter's ``__init__`` when its library is there but this machine cannot run it. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What an implementation says of itself once it has been loaded.

    Attributes:
        version: Of the library, and of whatever else decides its results (``"0.29.1 (torch 2.14.1)"``).
        homepage: Where its users find it.
        dialects: Named dialects that it claims to follow, each a setting that a caller can choose.
        modes: Subset of ``("avg", "max")``.
        dtypes: Subset of ``("float16", "bfloat16", "float32", "float64")``.
        layouts: Subset of ``("NCHW", "NHWC")``.
        operations: Subset of ``("forward", "feature_gradient", "box_gradient")``: what ``roi_align`` can be asked for.
        takes_out: Whether ``roi_align`` accepts an output array to write to, when it is asked for the output.
        reads_in_place: Whether it reads maps where they are, so that they may be larger than the machine's memory.
    """

    version: str
    homepage: str
    dialects: tuple[str, ...]
    modes: tuple[str, ...] = ("avg",)
    dtypes: tuple[str, ...] = ("float32",)
    layouts: tuple[str, ...] = ("NCHW",)
    operations: tuple[str, ...] = (Operation.FORWARD,)
    takes_out: bool = False
    reads_in_place: bool = False


@runtime_checkable
class Implementation(Protocol):
    """An adapter. Class attributes can be read without loading the library; ``__init__`` loads it."""

    requires: ClassVar[tuple[str, ...]]
    """Top-level modules that must be importable; if one is not, the implementation is reported as absent."""
    install: ClassVar[str]
    """What to type to install them."""

    def describe(self) -> Description:
        """Describes the loaded library."""
        ...

    def roi_align(self, call: RoiAlignCall, out: np.ndarray | None = None) -> np.ndarray:
        """Returns what ``call.operation`` asks for, as the library computed it.

        An output is ``(K, C, P_h, P_w)``, or ``(K, P_h, P_w, C)`` in NHWC; a gradient for the maps is like the maps, one for
        the boxes is ``(K, 4)``, whatever the layout.

        ``out`` is given only if the description says ``takes_out``. Raises `Unsupported` if the library cannot make the
        call; any other exception is taken as the library's own answer.
        """
        ...


def registered() -> Mapping[str, EntryPoint]:
    """Returns the registered implementations by name, none of them imported."""
    from importlib.metadata import entry_points

    return {point.name: point for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)}


def missing_requirements(adapter: type[Any]) -> tuple[str, ...]:
    """Returns those of the adapter's ``requires`` that cannot be imported here."""
    return tuple(name for name in adapter.requires if importlib.util.find_spec(name) is None)
