"""What an implementation must offer to be judged, and where implementations are found.

An adapter is a class without arguments that meets `Implementation`. It is registered under the entry-point group
``roikit.implementations`` and is only ever instantiated in a worker process of its own, so it may import whatever it needs
in ``__init__`` and need not fear for the process. Importing an adapter's *module* must need nothing but NumPy.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from .operation import Operation
from .operators import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import EntryPoint

    import numpy as np


ENTRY_POINT_GROUP = "roikit.implementations"


class Unavailable(Exception):  # noqa: N818 - a statement, not an error
    """Raised by an adapter's ``__init__`` when its library is there but this machine cannot run it. The message says why."""


class NoAnswerError(Exception):
    """What a library returned is no answer. The message says what it is instead."""


class TwoAnswersError(Exception):
    """A library gave two answers to one question, which only its adapter can ask twice. The message says what was asked."""

    def __init__(self, asked: str, answer: np.ndarray) -> None:
        """``answer`` is the first."""
        super().__init__(asked)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What an implementation can do of one operator.

    Attributes:
        dialects: Named dialects that it claims to follow, each a setting that a caller can choose.
        modes: Subset of the operator's, such as ``("avg", "max")``.
        dtypes: Subset of ``("float16", "bfloat16", "float32", "float64")``.
        layouts: Subset of ``("NCHW", "NHWC")``.
        operations: Subset of the operator's, such as ``("forward", "feature_gradient", "box_gradient")``.
        takes_out: Whether its method accepts an output array to write to, when it is asked for the output.
        reads_in_place: Whether it reads maps where they are, so that they may be larger than the machine's memory.
        threads: Whether several threads may call it at the same time.
        forks: Whether a process that has called it may be forked, and both call it again.
    """

    dialects: tuple[str, ...]
    modes: tuple[str, ...] = ("avg",)
    dtypes: tuple[str, ...] = ("float32",)
    layouts: tuple[str, ...] = ("NCHW",)
    operations: tuple[str, ...] = (Operation.FORWARD,)
    takes_out: bool = False
    reads_in_place: bool = False
    threads: bool = False
    forks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Description(Capability):
    """What an implementation says of itself once it has been loaded: what it can do of RoIAlign, and of other operators.

    Attributes:
        version: Of the library, and of whatever else decides its results (``"0.29.1 (torch 2.14.1)"``).
        homepage: Where its users find it.
        dialects: As all other fields that a `Capability` has, of RoIAlign; none if it does not offer RoIAlign.
        operators: What it can do of other operators, by their names.
    """

    version: str
    homepage: str
    dialects: tuple[str, ...] = ()
    operators: Mapping[str, Capability] = field(default_factory=dict)

    def capability(self, operator: str) -> Capability | None:
        """What it can do of an operator; None if it does not offer that."""
        if operator in self.operators:
            return self.operators[operator]
        return self if operator == DEFAULT and self.dialects else None


@runtime_checkable
class Implementation(Protocol):
    """An adapter. Class attributes can be read without loading the library; ``__init__`` loads it.

    For each operator that it describes it has a method of that name, ``roi_align(call, out=None)``, which returns what
    ``call.operation`` asks for, as the library computed it: with the axes that the type of the call says for that operation, in
    the layout of the call. ``out`` is given only if the description says ``takes_out``. It raises `Unsupported` if the library
    cannot make the call; any other exception is taken as the library's own answer.
    """

    requires: ClassVar[tuple[str, ...]]
    """Top-level modules that must be importable; if one is not, the implementation is reported as absent."""
    install: ClassVar[str]
    """What to type to install them."""

    def describe(self) -> Description:
        """Describes the loaded library."""
        ...


@cache
def registered() -> Mapping[str, EntryPoint]:
    """The registered implementations by name, none of them imported; looked for once, as all that is installed is read for it."""
    from importlib.metadata import entry_points

    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    return MappingProxyType({point.name: point for point in points})


def run_by_default() -> list[str]:
    """The registered implementations that are run where none is named: all but those whose class says ``only_by_name = True``."""
    return [name for name, point in registered().items() if not getattr(point.load(), "only_by_name", False)]


def in_order_of_start(names: Iterable[str]) -> list[str]:
    """Some implementations as they are best started: the one that takes longest, as its class's ``takes_long`` says, before all.

    Then come those that do not take long, of which one ends soon, and there is something to read; then the rest.
    """
    points = registered()
    takes = {name: getattr(points[name].load(), "takes_long", 0) if name in points else 0 for name in names}
    ordered = sorted(takes, key=lambda name: takes[name])
    return sorted(ordered, key=lambda name: name != max(takes, key=lambda each: takes[each]))


def missing_requirements(adapter: type[Any]) -> tuple[str, ...]:
    """Those of the adapter's ``requires`` that cannot be imported here."""
    return tuple(name for name in adapter.requires if importlib.util.find_spec(name) is None)


def why_absent(adapter: type[Any]) -> str:
    """What an adapter needs and is not installed here, and what to type; empty if nothing."""
    missing = missing_requirements(adapter)
    return f"{', '.join(missing)} not installed: {adapter.install}" if missing else ""
