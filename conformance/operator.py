"""What an operator is to the harness: a name, the shape of its calls, an exact oracle, and faults to be noticed.

All of it is data and pure functions of numbers. An operator runs nothing and imports no kernel; whoever needs to know what is
true of one asks `roikit.conformance.operators` for its `Operator`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from fractions import Fraction

    import numpy as np

    from .call import Call
    from .explanation import Explanation, Walk, Windows
    from .findings import Derivative, Detection, Footprint, Reading, Readings
    from .operation import Operation


# ---- answers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a call may return.

    Attributes:
        output: Exact values as nested lists, of the shape that `Call.shape_of` gives; a number, or ``"nan"``, ``"-inf"``, or
            ``"nonfinite"`` (NaN or infinite).
        bound: Greatest error of each element, nested like ``output``, or one number for all of them; None if the output must be
            equal bit for bit. An element without a bound (None) lies on a discontinuity, where no bound holds.
    """

    output: Any
    bound: Any = None


class Oracle(Protocol):
    """What a call must return, by exact arithmetic. Arguments are those of a case file."""

    def answers(
        self, arguments: Mapping[str, Any], operation: Operation, dialect: Any, claims: str
    ) -> Iterable[tuple[str, tuple[Answer, ...]]]:
        """Data types, and the answers that are right in each: one, or several where rounding decides; with bounds if inexact.

        Data types in which nobody can say are left out. ``claims`` is what a case says of itself: ``"exact"``, ``"bounded"``,
        or ``"fragile"`` where rounding decides which branch of a rule is taken.
        """

    def exact_dtypes(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any) -> tuple[str, ...]:
        """The data types in which the call is exact, in whatever order it is computed."""

    def values(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any) -> np.ndarray:
        """The exact result, an array of `Exact`; None throughout an invalid RoI."""

    def bounded(self, arguments: Mapping[str, Any], dialect: Any, dtype: str) -> tuple[np.ndarray, np.ndarray]:
        """The exact output of a call of ``dtype``, and the greatest error of each element; infinite where no bound holds."""

    def bits(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any) -> int | None:
        """The bits of a significand that holds every number of a computation; None if there are not enough, however many."""

    def nearest_decision(self, arguments: Mapping[str, Any], dialect: Any) -> Fraction | None:
        """The least distance from where rounding would decide a branch; None if nothing is decided."""

    def quick(
        self, arguments: Mapping[str, Any], operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """As `answers`, under a named dialect in one data type, in less time; none if it cannot say, or bounds are not wanted.

        With ``kinks``, a gradient for a box is judged by the convention where there is no derivative; such elements are left
        open otherwise.
        """


# ---- faults ----------------------------------------------------------------------------------------------------------


class Mutant(Protocol):
    """A fault to be noticed."""

    @property
    def name(self) -> str:
        """What is wrong, in a few words."""

    @property
    def who(self) -> str:
        """Libraries that have or had it; empty if it is a fault that one could make."""

    @property
    def operation(self) -> Operation:
        """What the fault is in."""

    @property
    def dtype(self) -> str:
        """The data type of the calls in which the fault shows; of 16 bits, its results are rounded to it."""

    @property
    def equivalent(self) -> str:
        """Why it cannot show where it does not concern a dialect; empty if the formulas are then the same."""

    @property
    def concerns(self) -> Callable[[Any, str], bool]:
        """Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent."""

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Any, *, many: bool) -> np.ndarray:
        """What an implementation with this fault returns, an array of `Exact`; None throughout an invalid RoI.

        ``many`` says that the maps have more elements than a 32-bit index can count.
        """


# ---- contested rules -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A contested rule: libraries read it differently and have not agreed.

    Attributes:
        rule: Its number.
        links: Where it is disputed.
        concerns: Whether the answer to a call, of this mode, depends on it.
        describe: What a dialect takes it to say, in words.
        others: A name of each dialect that differs from a named one in this reading only.
    """

    rule: str
    links: tuple[str, ...]
    concerns: Callable[[str], bool]
    describe: Callable[[str], str]
    others: Callable[[str], tuple[str, ...]]


# ---- draws -----------------------------------------------------------------------------------------------------------


class Blueprint(Protocol):
    """A systematic case that is planned, and not yet drawn."""

    @property
    def id(self) -> str:
        """Of the case."""


class Draws(Protocol):
    """Calls, planned and by chance."""

    @property
    def edition(self) -> str:
        """Year and month of the rules by which calls of chance are judged, and of the planned cases."""

    @property
    def box_classes(self) -> tuple[str, ...]:
        """Classes of boxes that can be pooled."""

    @property
    def invalid_classes(self) -> tuple[str, ...]:
        """Classes of boxes that cannot."""

    def blueprints(self) -> Mapping[str, Sequence[Blueprint]]:
        """The planned cases of each group."""

    def draw(self, blueprint: Any, attempt: int) -> dict[str, Any]:
        """A case of a blueprint, without what it expects: from a sequence that belongs to its id."""

    def suits(self, case: Mapping[str, Any], dialects: list[Any]) -> bool:
        """Whether a drawn case is exact and fair under these dialects, and no constant passes it."""

    def rules_of(self, arguments: Mapping[str, Any], operation: Operation) -> Sequence[str]:
        """The rules that a call exercises."""

    def arguments(self, *, modes: Sequence[str], classes: Sequence[str], operation: Operation) -> Any:
        """A Hypothesis strategy of the arguments of a call, with boxes of these classes. Needs Hypothesis."""


# ---- probes ----------------------------------------------------------------------------------------------------------


class Probe(Protocol):
    """A call by which something is read off an implementation."""

    @property
    def name(self) -> str:
        """What kind of box it is, and how it is pooled."""

    @property
    def mode(self) -> str:
        """Of the call."""

    @property
    def is_malformed(self) -> bool:
        """Whether it may do harm: then it is the last call that a worker gets."""


class Asker(Protocol):
    """Whoever answers the calls of probes."""

    @property
    def dialect(self) -> str:
        """The dialect that is asked for."""

    @property
    def dtype(self) -> str:
        """The data type of the maps."""

    @property
    def layout(self) -> str:
        """The layout of the maps."""

    @property
    def operations(self) -> tuple[str, ...]:
        """What can be asked for."""

    def ask(self, call: Call, shape: tuple[int, ...]) -> Reading:
        """The reading of a call whose answer has this shape, in the order of case files."""


class Probes(Protocol):
    """How it is read off an implementation which dialect it follows."""

    @property
    def points(self) -> Mapping[str, str]:
        """The rule of each decision point."""

    @property
    def size(self) -> tuple[int, int]:
        """Of the maps of footprints, in pixels."""

    def offered(self, modes: Sequence[str]) -> Sequence[Any]:
        """The probes of the modes that an implementation has."""

    def read(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Asks for what a probe gives, and adds it to ``readings``."""

    def warm_up(self, asker: Asker, probe: Any, readings: Readings) -> None:
        """Makes an ordinary call before a malformed probe, whose output is of the same size."""

    def are_alike(self, probe: Any, other: Any) -> bool:
        """Whether who cannot answer one probe cannot answer the other."""

    def detect(self, readings: Readings, dtype: str) -> Detection:
        """What readings of a forward say."""

    def derivatives(self, readings: Readings, best: Any, dtype: str) -> tuple[Derivative, Derivative]:
        """How the gradients for maps, and for boxes, go with the outputs."""

    def footprints(self, readings: Readings) -> Iterator[dict[str, Any]]:
        """What a file says of each footprint that was read; nothing if it has none."""


# ---- the operator ----------------------------------------------------------------------------------------------------


class Published(NamedTuple):
    """How numbers that others published (``published.json``) become golden cases."""

    rules_of: Callable[[Mapping[str, Any]], Sequence[str]]
    """The rules that a call is there for."""
    claims_of: Callable[[Mapping[str, Any]], str]
    """What a call can claim under every main dialect: to be exact, to have bounds, or that rounding takes a branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What the harness knows of an operator.

    Attributes:
        name: ``"roi_pool"``: of its folders, case files, calls, results.
        title: ``"RoIPool"``: as texts have it.
        prefix: ``"RP"``: its rules are RP-1, RP-2 …
        call: The type of its calls.
        operations: What it can be asked for.
        modes: What can become of the samples of a bin: ``("avg", "max")``.
        dialects: By name: those of `roikit.kernels.dialects`.
        main_dialects: Names of those under which golden cases must be exact, and every fault be noticed.
        function_dialects: Names of those that a plain function is judged by, unless a user says another.
        oracle: What a call must return.
        mutants: Faults to be noticed.
        blind: Cases that notice no fault, and why they are there.
        contested: Rules whose meaning is disputed.
        draws: None: `roikit fuzz` has nothing to draw.
        probes: None: `--detect` says that it cannot be read off.
        footprint: What a dialect, named or not, makes of a probe's RoI, which has a number, in a bin ``(p, q)``; None if reports
            draw no footprints of it.
        published: None: nobody has published numbers for it.
        explanation: What `roikit explain` shows of a call under a named dialect; None if it shows no steps.
        windows: For an operator that reads whole pixels, what `roikit explain` shows of it beside others.
    """

    name: str
    title: str
    prefix: str
    call: type[Call]
    operations: tuple[Operation, ...]
    modes: tuple[str, ...]
    dialects: Mapping[str, Any]
    main_dialects: tuple[str, ...]
    function_dialects: tuple[str, ...]
    oracle: Oracle
    mutants: tuple[Mutant, ...]
    blind: Mapping[str, str] = field(default_factory=dict)
    contested: tuple[Question, ...] = ()
    draws: Draws | None = None
    probes: Probes | None = None
    footprint: Callable[[Any, int, tuple[int, int], Any], Footprint] | None = None
    published: Published | None = None
    explanation: Callable[[Walk, str], Explanation] | None = None
    windows: Callable[[Walk], Windows] | None = None

    def different_dialects(self, mode: str) -> list[tuple[Any, list[str]]]:
        """The dialects that differ in a mode, each with its names."""
        same: dict[Any, list[str]] = {}
        for name, dialect in self.dialects.items():
            same.setdefault(dialect.for_mode(mode), []).append(name)
        return list(same.items())

    def contested_in(self, mode: str) -> Question | None:
        """The contested rule that the answer to a call of a mode depends on, if there is one."""
        return next((question for question in self.contested if question.concerns(mode)), None)


def rule_number(rule: str) -> tuple[str, int]:
    """What rules are sorted by: ``"RA-10"`` comes after ``"RA-9"``."""
    prefix, _, number = rule.partition("-")
    return prefix, int(number)
