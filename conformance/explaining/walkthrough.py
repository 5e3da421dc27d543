"""What implementations return for the RoI that ``roikit explain`` follows, and a file of it for `roikit.reports`."""

from __future__ import annotations

import math
import threading
from contextlib import closing
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import operators
from ..arrays import numpy_dtype
from ..call import from_layout, to_layout
from ..documents import to_json
from ..errors import UsageError
from ..exact.numbers import Special
from ..explanation import Account
from ..records import provenance
from ..running.targets import select_targets
from ..verdict import Judgement
from ..workers.greeting import describe
from ..workers.session import Session
from .request import BESIDE, DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..call import Call
    from ..exact.numbers import Array, Exact
    from ..explanation import Bin, Explanation
    from ..workers.process import Target
    from .request import Request

FORMAT = 1
"""Version of the file format; ``schema/walkthrough.schema.json`` describes it."""

_SECONDS = 60.0
_DTYPES = ("float64", "float32")
_NOT_ASKED = ("operator", "picture", "run", "output")  # of what is written as it was typed


@dataclass(frozen=True, slots=True)
class Output:
    """What an implementation returned: the output of one channel, ``(P_h, P_w)`` or of the axes that it has."""

    implementation: str
    version: str
    dialect: str
    dtype: str
    output: np.ndarray

    @property
    def values(self) -> Mapping[Bin, Exact]:
        """The value of each bin, as a fraction."""
        return {at: Fraction(float(v)) if np.isfinite(v) else Special.NAN for at, v in np.ndenumerate(self.output)}


def run(names: Sequence[str], explained: Explanation, operator: str) -> list[Output]:
    """Makes a call with registered implementations, each in a process of its own, and returns what comes back.

    Raises:
        UsageError: an implementation is not there, does not offer the dialect, or fails.
    """
    targets = select_targets(names, [], "auto", [], []) if names else []
    return [_run(target, explained, operator) for target in targets]


def _run(target: Target, explained: Explanation, operator: str) -> Output:
    dialect = explained.dialect
    with closing(Session(target, _SECONDS, threading.Event())) as session:
        subject = session.open()
        if subject.state != "ran":
            raise UsageError(f"--run {target.name}: {subject.state}: {subject.reason}")
        description = describe(subject)
        can = description.capability(operator)
        if can is None or dialect not in can.dialects:
            offered = ", ".join(can.dialects) if can else f"no dialect of {operators.get(operator).title}"
            raise UsageError(f"--run {target.name} follows {offered}, not {dialect}")
        dtype = next((dtype for dtype in _DTYPES if dtype in can.dtypes), can.dtypes[0])
        layout = "NCHW" if "NCHW" in can.layouts else can.layouts[0]
        call = _call(explained, dtype, layout, operator)
        answer = session.ask(call)
    if isinstance(answer, Judgement):
        raise UsageError(f"--run {target.name}: {answer.verdict}: {answer.reason}")
    values = from_layout(answer, call.answers[call.operation], layout)
    channel = explained.channel if isinstance(explained, Account) else 0
    return Output(target.name, description.version, dialect, dtype, values[0, channel].astype(np.float64))


def _call(explained: Explanation, dtype: str, layout: str, operator: str) -> Call:
    """The call on the maps that are explained; if bins have channels of their own, on one for each, all alike."""
    if isinstance(explained, Account):
        return _call_of(explained.maps(), explained.arrays(), explained, dtype, layout, operator)
    feature = explained.call.feature
    one = _call_of(feature[None], {}, explained, dtype, layout, operator)
    if one.shape():
        return one
    maps = np.broadcast_to(feature, (math.prod(explained.call.output_size), *feature.shape))
    return _call_of(maps, {}, explained, dtype, layout, operator)


def _call_of(
    maps: Array, beside: Mapping[str, Array], explained: Explanation, dtype: str, layout: str, operator: str
) -> Call:
    kind, walk = operators.call_type(operator), explained.call
    arrays = {"input": maps[None], **beside}
    if "weights" in kind.axes:  # pixels that count alike
        arrays["weights"] = np.ones_like(maps[None])
    given: dict[str, Any] = {
        name: np.ascontiguousarray(to_layout(np.asarray(array, numpy_dtype(dtype)), kind.axes[name], layout))
        for name, array in arrays.items()
    }
    given["boxes"] = np.array([[0.0, *map(float, walk.box)]], "float64" if dtype == "float64" else "float32")
    parameters = kind.parameters_of({**walk._asdict(), **walk.more})
    return kind(**given, **parameters, layout=layout, dialect=explained.dialect)


def write(path: Path, request: Request, outputs: Iterable[Output]) -> None:
    """Writes what was asked and what came back as JSON."""
    given = asdict(request)
    asked = {name: value for name, value in given.items() if name not in _NOT_ASKED and not _is_idle(name, value)}
    found = [{**asdict(output), "output": _numbers(np.atleast_2d(output.output))} for output in outputs]
    of = {} if request.operator == operators.DEFAULT else {"operator": request.operator}
    document = {"format": FORMAT, **provenance(asked), "walkthrough": {**of, "request": asked, "outputs": found}}
    path.write_text(to_json(document, indent=1) + "\n", encoding="utf-8")


def _is_idle(name: str, value: Any) -> bool:
    """Whether an argument that only some operators take was not given."""
    return name in BESIDE and value == DEFAULTS[name]


def _numbers(values: np.ndarray) -> list[Any]:
    return [_numbers(v) if v.ndim else float(v) if np.isfinite(v) else str(v) for v in map(np.asarray, values)]
