"""A plain function with the signature that torchvision has for an operator."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..call import DTYPES
from ..implementation import Capability, Description, NoAnswerError
from ..operation import Operation
from ..operators import DEFAULT, call_type, dialects_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import numpy as np

    from ..call import Call

ARRAYS = ("auto", "numpy", "torch", "cupy")


def _loaded(module: str) -> ModuleType:
    """A module by its name, or by the path of its file, whose folder then is where it imports from.

    Raises:
        ImportError: there is none.
    """
    file = Path(module)
    if file.suffix == ".py":
        if not file.is_file():
            raise ImportError(f"there is no file {file.absolute()}")
        sys.path.insert(0, str(file.absolute().parent))
        module = file.stem
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # it is there, but something that it imports is not
        raise ImportError(
            f"no module {error.name} in {Path.cwd()} nor on Python's path: name its file, {module}.py"
        ) from None


def _handed(call: Any, maps: Any) -> Any:
    """What a function is handed for the maps: of a pyramid, the map of each level, in a list."""
    return call.levels(maps) if hasattr(call, "levels") else maps


class PlainCallable:
    """Judges a function that takes and returns NumPy, torch or CuPy arrays.

    A function with a true attribute ``reads_in_place`` is also asked about maps that only who does not copy them can hold.
    ``arrays`` says which. With ``"auto"`` they are torch's if importing the function's module has imported torch, CuPy's
    if it has imported CuPy, and NumPy's otherwise.
    """

    requires: ClassVar[tuple[str, ...]] = ()
    install: ClassVar[str] = ""
    takes_numbers: ClassVar[bool] = True

    def __init__(self, module: str, function: str, arrays: str, operator: str = DEFAULT) -> None:
        """Imports ``function``, which computes ``operator``, of a module or of a file ``path/to/mine.py``."""
        loaded = _loaded(module)
        self._function: Callable[..., Any] = getattr(loaded, function)
        if not callable(self._function):
            raise TypeError(f"{module}:{function} is not callable")
        if arrays == "auto":
            arrays = next((name for name in ("torch", "cupy") if name in sys.modules), "numpy")
        self._arrays, self._operator = arrays, operator
        setattr(self, operator, self._answer)
        self._version = str(
            getattr(sys.modules.get(loaded.__name__.partition(".")[0]), "__version__", "unknown version")
        )

    def describe(self) -> Description:
        """A function may follow any dialect of its operator; the runner is told which."""
        kind = call_type(self._operator)
        can = Capability(
            dialects=tuple(dialects_of(self._operator)),
            modes=("avg", "max") if "mode" in self._parameters() else kind.plain_modes,
            dtypes=DTYPES,
            operations=tuple(kind.answers) if self._arrays == "torch" else (Operation.FORWARD,),
            reads_in_place=bool(getattr(self._function, "reads_in_place", False)),
            threads=self._arrays != "cupy",
            forks=self._arrays == "numpy",
        )
        return Description(version=self._version, homepage="", operators={self._operator: can})

    def _parameters(self) -> tuple[str, ...]:
        try:
            return tuple(inspect.signature(self._function).parameters)
        except (TypeError, ValueError):  # a compiled function
            return ()

    def _answer(self, call: Call, out: np.ndarray | None = None) -> np.ndarray:
        """Calls the function. A gradient is that of automatic differentiation, if the function is of torch tensors."""
        del out
        given, named = call.plain_arguments()

        def pool(maps: Any, boxes: Any) -> Any:
            def on_maps(boxes: Any) -> Any:
                return self._function(_handed(call, maps), boxes, *given, **named)

            return call.of_images(on_maps, boxes) if hasattr(call, "of_images") else on_maps(boxes)

        arrays = call.arrays()
        if self._arrays == "torch":
            from ._torch_gradient import answer

            found = answer(call, arrays["boxes"], pool)
            return call.answered(found) if hasattr(call, "answered") else found
        if self._arrays == "cupy":
            import cupy

            result = pool(cupy.asarray(arrays["input"]), cupy.asarray(arrays["boxes"]))
            if not isinstance(result, cupy.ndarray):
                raise NoAnswerError(f"returned {type(result).__name__} instead of a cupy.ndarray")
            return cupy.asnumpy(result)  # type: ignore[no-any-return]
        return pool(arrays["input"], arrays["boxes"])  # type: ignore[no-any-return]  # the worker looks whether it is an array
