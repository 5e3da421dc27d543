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
from ..documents import to_json
from ..errors import UsageError
from ..exact.numbers import Special
from ..records import provenance
from ..running.targets import select_targets
from ..verdict import Judgement
from ..workers.greeting import describe
from ..workers.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ..call import Call
    from ..exact.numbers import Exact
    from ..explanation import Pair, Walk
    from ..workers.process import Target
    from .request import Request

FORMAT = 1
"""Version of the file format; ``schema/walkthrough.schema.json`` describes it."""

_SECONDS = 60.0
_DTYPES = ("float64", "float32")
_NOT_ASKED = ("operator", "picture", "run", "output")  # of what is written as it was typed


@dataclass(frozen=True, slots=True)
class Output:
    """What an implementation returned, ``(P_h, P_w)``."""

    implementation: str
    version: str
    dialect: str
    dtype: str
    output: np.ndarray

    @property
    def values(self) -> Mapping[Pair, Exact]:
        """The value of each bin, as a fraction."""
        return {at: Fraction(float(v)) if np.isfinite(v) else Special.NAN for at, v in np.ndenumerate(self.output)}


def run(names: Sequence[str], call: Walk, dialect: str, operator: str) -> list[Output]:
    """Makes a call with registered implementations, each in a process of its own, and returns what comes back.

    Raises:
        UsageError: an implementation is not there, does not offer the dialect, or fails.
    """
    targets = select_targets(names, [], "auto", [], []) if names else []
    return [_run(target, call, dialect, operator) for target in targets]


def _run(target: Target, call: Walk, dialect: str, operator: str) -> Output:
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
        answer = session.ask(_call(call, dialect, dtype, layout, operator))
    if isinstance(answer, Judgement):
        raise UsageError(f"--run {target.name}: {answer.verdict}: {answer.reason}")
    values = answer.transpose(0, 3, 1, 2) if layout == "NHWC" else answer
    return Output(target.name, description.version, dialect, dtype, values[0, 0].astype(np.float64))


def _call(call: Walk, dialect: str, dtype: str, layout: str, operator: str) -> Call:
    """The call on one channel; if bins have channels of their own, on one for each, all alike."""
    one = _call_of(1, call, dialect, dtype, layout, operator)
    return one if one.shape() else _call_of(math.prod(call.output_size), call, dialect, dtype, layout, operator)


def _call_of(channels: int, call: Walk, dialect: str, dtype: str, layout: str, operator: str) -> Call:
    maps = np.broadcast_to(np.asarray(call.feature, numpy_dtype(dtype)), (channels, *call.feature.shape))
    kind: Any = operators.call_type(operator)
    features = np.ascontiguousarray(maps[None] if layout == "NCHW" else maps.transpose(1, 2, 0)[None])
    beside = {"weights": np.ones_like(features)} if "weights" in kind.axes else {}  # pixels that count alike
    made: Call = kind(
        input=features,
        **beside,
        boxes=np.array([[0.0, *map(float, call.box)]], "float64" if dtype == "float64" else "float32"),
        output_size=call.output_size,
        spatial_scale=(float(call.spatial_scale[0]), float(call.spatial_scale[1])),
        sampling_ratio=call.sampling_ratio,
        mode=call.mode,
        layout=layout,
        dialect=dialect,
    )
    return made


def write(path: Path, request: Request, outputs: Iterable[Output]) -> None:
    """Writes what was asked and what came back as JSON."""
    asked = {name: value for name, value in asdict(request).items() if name not in _NOT_ASKED}
    found = [{**asdict(output), "output": _numbers(output.output)} for output in outputs]
    of = {} if request.operator == operators.DEFAULT else {"operator": request.operator}
    document = {"format": FORMAT, **provenance(asked), "walkthrough": {**of, "request": asked, "outputs": found}}
    path.write_text(to_json(document, indent=1) + "\n", encoding="utf-8")


def _numbers(values: np.ndarray) -> list[list[Any]]:
    return [[float(v) if np.isfinite(v) else str(v) for v in row] for row in values]
