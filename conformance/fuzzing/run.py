"""What ``roikit fuzz`` does: hand out batches until time is up or something goes wrong, count them, show what was found."""

from __future__ import annotations

import json
import shlex
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from .. import operators
from ..arranging import WAYS
from ..cases.case import cases_of
from ..cases.selection import check_names
from ..errors import UsageError
from ..exits import EXIT_CONFORMS, EXIT_DEVIATES, EXIT_NOTHING_RUN
from ..golden.files import render
from ..operation import Operation
from ..running.targets import select_targets, selection
from ..scripts.reproduce import script_of, scripts_of
from ..terminal import Console
from . import batch as fuzz
from . import sequences
from .batch import Batch, Found, Task, run_batch
from .cases import in_words, whole
from .sessions import greet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from ..workers.process import Target

_AHEAD = 2  # batches per process that are handed out before their turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments of the command, as typed."""

    implementation: str
    operator: str
    minutes: float
    batches: int | None
    seed: int
    arrays: str
    dialects: Sequence[str]
    dtypes: Sequence[str]
    layouts: Sequence[str]
    modes: Sequence[str]
    operations: Sequence[str]
    boxes: Sequence[str]
    size: str
    arranged: Sequence[str]
    calls: Sequence[str]
    kinks: bool
    python: str | None
    invalid: bool
    once: bool
    timeout: float
    jobs: int
    scheduler: str | None
    output: Path | None


class Hands(Protocol):
    """Whoever runs batches: each that is handed over comes back once."""

    @property
    def wanted(self) -> int:
        """How many batches should be on their way."""

    def hand_over(self, task: Task) -> None:
        """Begins a batch."""

    def take(self) -> Iterable[Batch]:
        """Waits for batches, and returns those that have ended."""

    def close(self) -> None:
        """Leaves what has not ended."""


class Alone:
    """Runs batches here, one after the other."""

    wanted = 1

    def __init__(self) -> None:
        self._tasks: list[Task] = []

    def hand_over(self, task: Task) -> None:
        """Begins a batch."""
        self._tasks.append(task)

    def take(self) -> list[Batch]:
        """Runs a batch."""
        return [run_batch(self._tasks.pop(0))]

    def close(self) -> None:
        """Does nothing: there is nothing on its way."""


class Processes:
    """Runs batches in several processes of this machine."""

    def __init__(self, count: int) -> None:
        self.wanted = count * _AHEAD
        self._pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        self._futures: set[Any] = set()

    def hand_over(self, task: Task) -> None:
        """Begins a batch."""
        self._futures.add(self._pool.submit(run_batch, task))

    def take(self) -> list[Batch]:
        """Waits for batches."""
        done, self._futures = wait(self._futures, return_when=FIRST_COMPLETED)
        return [future.result() for future in done]

    def close(self) -> None:
        """Leaves what has not begun."""
        self._pool.shutdown(cancel_futures=True)


def batches(hands: Hands, first: Task, most: int | None, is_enough: Callable[[], bool]) -> Iterator[Batch]:
    """Hands out batches, in the order of their numbers, until they are enough; yields each once, in that order.

    Raises:
        RuntimeError: a batch came back that was not on its way.
    """
    on_their_way: set[int] = set()
    arrived: dict[int, Batch] = {}
    handed_over = due = 0
    while True:
        while len(on_their_way) < hands.wanted and handed_over != most and not is_enough():
            hands.hand_over(replace(first, number=handed_over))
            on_their_way.add(handed_over)
            handed_over += 1
        if not on_their_way:
            return
        for batch in hands.take():
            if batch.number not in on_their_way:
                raise RuntimeError(f"batch {batch.number} came back twice")
            on_their_way.remove(batch.number)
            arrived[batch.number] = batch
        while due in arrived:
            yield arrived.pop(due)
            due += 1


def fuzz_command(request: Request) -> int:
    """Runs the request and returns the exit status.

    Raises:
        UsageError: it asks for something that does not exist, or needs a package that is not there.
    """
    target = _target(request)
    is_function = target.dialects is not None
    operator = operators.get(check_names("operator", [request.operator], operators.NAMES)[0])
    if operator.draws is None:
        raise UsageError(f"there is nothing to draw calls of {operator.name} from")
    dtypes = request.dtypes or (["float32"] if is_function else [])
    chosen = selection(dtypes, request.layouts, request.dialects, [operator.name])
    console = Console(emoji=False)
    subject = greet(target, request.timeout, request.once)
    if subject.state != "ran":
        console.print(
            f"{target.name}: {subject.state}: {subject.reason}", markup=False, highlight=False, soft_wrap=True
        )
        return EXIT_DEVIATES if subject.state == "broken" else EXIT_NOTHING_RUN
    first = Task(
        target,
        request.seed,
        0,
        operator.name,
        chosen.dialects,
        chosen.dtypes,
        chosen.layouts,
        check_names("mode", request.modes, operator.modes),
        check_names("operation", request.operations, [str(operation) for operation in operator.operations]),
        check_names("class of boxes", request.boxes, operator.draws.box_classes),
        request.kinks,
        request.invalid,
        request.timeout,
        request.once,
        request.size,
        check_names("arrangement", request.arranged, ("contiguous", *WAYS)),
        check_names("kind of calls", request.calls, sequences.KINDS) or sequences.KINDS,
    )
    task = fuzz.tasks_of(subject, first)
    if task is None:
        raise UsageError(
            f"{target.name} has none of the dialects, data types, layouts, modes or operations of {operator.name}, or none of "
            "the calls, that were asked for"
        )
    found, unsure, totals = _run(request, task)
    calls, rois = totals["calls"], totals["rois"]
    console.print(
        f"{calls} calls of {rois} RoIs in {totals['batches']} batches of seed {request.seed}: "
        f"{totals['exact']} calls judged exactly, {totals['unsupported']} more not supported",
        highlight=False,
        soft_wrap=True,
    )
    if found:
        _show(console, request, target, found)
        return EXIT_DEVIATES
    if unsure:
        _show(console, request, target, unsure)
        console.print(
            "It went wrong after other calls, and not in a process of its own: what came before it matters, or chance.",
            highlight=False,
            soft_wrap=True,
        )
        return EXIT_DEVIATES
    return EXIT_CONFORMS if calls else EXIT_NOTHING_RUN


def _target(request: Request) -> Target:
    name = request.implementation
    names, functions, workers = (
        ([], [], [name]) if "=" in name else ([], [name], []) if ":" in name else ([name], [], [])
    )
    pythons = [f"{name}={request.python}"] if request.python else []
    (target,) = select_targets(names, functions, request.arrays, request.dialects, pythons, workers, [request.operator])
    return target


def _hands(request: Request) -> Hands:
    if request.scheduler:
        from .scale import Cluster

        return Cluster(request.scheduler)
    return Processes(request.jobs) if request.jobs > 1 else Alone()


def _run(request: Request, first: Task) -> tuple[Found | None, Found | None, dict[str, int]]:
    """Runs batches; returns what went wrong in the first in which something did, or may have, and the sums of all counts."""
    totals = dict.fromkeys(("batches", "calls", "rois", "exact", "unsupported"), 0)
    errors = Console(stderr=True)
    found: Found | None = None
    unsure: Found | None = None
    deadline = time.monotonic() + 60 * request.minutes
    columns = TextColumn("{task.description}"), TextColumn("{task.completed} RoIs"), TimeElapsedColumn()
    with ExitStack() as stack:
        file = stack.enter_context(_create(request)) if request.output else None
        progress = stack.enter_context(
            Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
        )
        shown = progress.add_task(first.target.name, total=None)
        hands = stack.enter_context(closing(_hands(request)))

        def is_enough() -> bool:
            return found is not None or (request.batches is None and time.monotonic() >= deadline)

        for batch in batches(hands, first, request.batches, is_enough):
            totals["batches"] += 1
            for name in ("calls", "rois", "exact", "unsupported"):
                totals[name] += getattr(batch, name)
            progress.update(shown, completed=totals["rois"])
            if file:
                file.write(json.dumps({"type": "batch", **asdict(batch)}) + "\n")
                file.flush()
            found, unsure = found or batch.found, unsure or batch.unsure
        if file:
            file.write(json.dumps({"type": "footer", **totals, "found": found is not None}) + "\n")
    return found, unsure, totals


def _create(request: Request) -> TextIO:
    assert request.output is not None
    request.output.mkdir(parents=True, exist_ok=True)
    stream = (request.output / "fuzz.ndjson").open("w", encoding="utf-8")
    header = {"type": "header", "format": 1, "calls_per_batch": fuzz.CALLS, "request": asdict(request)}
    stream.write(json.dumps(header, default=str) + "\n")
    return stream


def _show(console: Console, request: Request, target: Target, found: Found) -> None:
    """Writes the case, and the script if there is one for the library, and says what to do with them."""
    document = whole(
        found.arguments, found.dialect, found.dtype, found.operation,
        kinks=request.kinks, op=request.operator, enlarged=found.enlarged, arranged=found.arranged,
        following=found.following,
    )  # fmt: skip
    (case,) = cases_of(document)
    folder = request.output or Path()
    path = folder / f"{case.id}.json"
    path.write_text(render(document), encoding="utf-8")

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    what = "" if found.operation == Operation.FORWARD else f"{found.operation} "
    say(f"\n{found.verdict}: {target.name} · {what}{found.dialect} {found.dtype} {found.layout}: {found.reason}")
    given = {name: value for name, value in found.arguments.items() if name not in ("input", "grad", "invalid_rois")}
    parameters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in given.items())
    lies = "".join(f", {name} {way}" for name, way in found.arranged.items())
    say(f"{parameters}, maps {found.arguments['input']['shape']}{lies}{in_words(found.following)}")
    if found.enlarged:
        large = ", ".join(f"{count} {name}" for name, count in found.enlarged._asdict().items())
        say(f"repeated as conformance/enlarging.py says, to {large}")
    how = f"-i {target.name}" if ":" in target.name else target.name
    how = f"--worker {shlex.quote(request.implementation)}" if target.command else how
    how += "" if request.operator == operators.DEFAULT else f" --op {request.operator}"
    where = f"--dialect {found.dialect} --dtype {found.dtype} --layout {found.layout}"
    say(f"again: roikit conform {how} --cases {shlex.quote(str(path))} {where}")
    if request.operator in scripts_of(target.name):
        command = f"roikit fuzz {target.name} --seed {request.seed}"
        try:
            text = script_of(case, target.name, found.dialect, found.dtype, command)
        except UsageError as reason:
            say(f"no script: {reason}")
            return
        script_path = path.with_suffix(".py")
        script_path.write_text(text + "\n", encoding="utf-8")
        say(f"for its issue tracker: {script_path}, which needs {target.name} and NumPy alone\n\n{text}")
