"""Our kernels on a CPU against the golden cases, as rows of a ledger: each for an operation, a data type and a layout.

``python -m tests.conformance.judged`` judges what has changed since and, if all of it conforms, seals it in ``judged.json``.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from roikit.conformance import operators
from roikit.conformance.adapters.roikit_calls import made, maker_of
from roikit.conformance.arrays import in_memory
from roikit.conformance.call import DTYPES, LAYOUTS
from roikit.conformance.cases.case import case_files
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden.code import closure, digest_of_module
from roikit.conformance.golden.ledger import Ledger, Row, digest
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_error, judge_output
from roikit.kernels import InvalidRoiError
from roikit.kernels.execution import host, source
from roikit.kernels.operators import NAMES as COMPILED

FILE = Path(__file__).with_suffix(".json")
SHARE = 0.02  # of what is sealed is judged again in each run
KERNELS = {
    "multiscale_roi_align": "roi_align",
    "multiscale_weighted_roi_align": "weighted_roi_align",
}  # of which they are made
MORE = {"roi_align": ("chainer",)}  # dialects that have kernels of their own
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_JUDGE = tuple(
    f"roikit.{name}"
    for name in (
        "conformance.cases.case",
        "conformance.verdicts.judge",
        "kernels.execution.host",
    )
)
_REGISTRIES = ("roikit.kernels", "roikit.kernels.operators")  # a new name changes nothing of the others


def judge_our_kernels(cases, dialects, dtypes=None, layouts=LAYOUTS):
    """Yields (what, judgement) for every call that the cases make."""
    for case in cases:
        for dialect in dialects:
            for dtype in case.dtypes if dtypes is None else dtypes:
                expectation = case.expectation(dialect, dtype)
                for layout in layouts if expectation else ():
                    call = case.call(dialect, dtype, layout)
                    call = dataclasses.replace(call, input=in_memory(call.input, case.memory))
                    try:
                        judgement = judge_output(case, expectation, made(call), dtype, layout)
                    except InvalidRoiError as error:
                        judgement = judge_error(case, str(error))
                    yield (case.id, dialect, dtype, layout), judgement


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """What a row is of: the calls of an operation in a data type and layout, small ones or those of real sizes."""

    operator: str
    operation: str
    dtype: str
    layout: str
    size: str

    def __str__(self) -> str:
        """Its name in the ledger."""
        return f"{self.operation} {self.dtype} {self.layout} {self.size}"

    @property
    def dialects(self) -> tuple[str, ...]:
        """Those that differ in float32; the main ones elsewhere. `roikit conform roikit --full` judges all in all."""
        operator = operators.get(self.operator)
        if self.dtype == "float32" and self.size == "small":
            return tuple({choices: name for name, choices in reversed(operator.dialects.items())}.values())
        return (*operator.main_dialects[:2], *MORE.get(self.operator, ()))

    @property
    def cases(self) -> list:
        """Those that our functions can be asked in this process."""
        return [
            case for case in golden_cases(self.operator)
            if (case.operation, case.size) == (self.operation, self.size) and case.kind in ("value", "invalid")
            if case.memory != "sparse" and "image_size" not in case.arguments
        ]  # fmt: skip


def parts_of(operator):
    """All parts of an operator: in every data type what is small, in float32 what is of real size."""
    small = product(operators.get(operator).operations, DTYPES, LAYOUTS, ["small"])
    real = product(operators.get(operator).operations, ["float32"], LAYOUTS, ["real"])
    return [Part(operator, str(operation), *rest) for operation, *rest in (*small, *real)]


def judged(part):
    """The number of calls of a part, if all conform; else what is wrong with the first ones."""
    found = list(judge_our_kernels(part.cases, part.dialects, [part.dtype], [part.layout]))
    wrong = [f"{' '.join(what[:2])}: {j.reason}" for what, j in found if j.verdict != Verdict.CONFORMS]
    return wrong[:5] or len(found)


@cache
def _kernels(operator):
    """What a compiler sees of an operator's kernels."""
    folder = Path(source.__file__).parents[1] / "cuda" / KERNELS.get(operator, operator)
    texts = [source._read(f"{folder.name}/{file.name}") for file in sorted(folder.glob("*.cu"))]
    texts.append((folder.parent / "host.hpp").read_text(encoding="utf-8"))
    return digest([_COMMENT.sub("", text).split() for text in texts])


@cache
def _cases(operator):
    """The cases of an operator as its files have them, by operation."""
    found = {}
    for file in case_files(operator):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            found.setdefault(case.get("operation", "forward"), []).append(digest(case))
    return {operation: digest(sorted(digests)) for operation, digests in found.items()}


@cache
def code_of(operator):
    """A hash of the Python that plans and launches an operator's kernels, and that judges; not of other operators'."""
    name = KERNELS.get(operator, operator)
    folder = Path(source.__file__).parents[1] / "operators" / name
    own = [f"roikit.kernels.operators.{name}.{file.stem}" for file in sorted(folder.glob("[a-z]*.py"))]
    foreign = tuple(f"roikit.kernels.operators.{other}." for other in COMPILED if other != name)
    modules = [module for module in closure([*own, *_JUDGE]) if not f"{module}.".startswith(foreign)]
    known = [(module, digest_of_module(module)) for module in modules if module not in _REGISTRIES]
    return digest([*known, *_texts_of(maker_of(operator))])


def _texts_of(function):
    """The text of a function, and of those of its module that it calls, whatever their layout."""
    yield inspect.getsource(function).split()
    for name in function.__code__.co_names:
        other = function.__globals__.get(name)
        if inspect.isfunction(other) and other.__module__ == function.__module__:
            yield from _texts_of(other)


def rows_of(operator, written):
    """The rows of an operator, with the values that are written down."""
    compiler = host._run(["--version"]).stdout.splitlines()[0]
    return [
        Row(
            str(part),
            [_kernels(operator), _cases(operator).get(part.operation), list(part.dialects), compiler],
            written.get(str(part)),
        )
        for part in parts_of(operator)
    ]


def recorded(operator):
    """What ``judged.json`` has of an operator: the ledger, and the numbers of calls."""
    data = json.loads(FILE.read_text(encoding="utf-8")).get(operator, {}) if FILE.is_file() else {}
    return Ledger.from_json(data), data.get("calls", {})


def due_of(operator):
    """What of an operator is to be judged in this run."""
    ledger, written = recorded(operator)
    return ledger.due(rows_of(operator, written), code_of(operator), SHARE)


def main():
    """Judges what is not sealed; writes the ledger if all of it conforms, and says what does not."""
    os.environ["ROIKIT_NUM_THREADS"] = "1"
    document, red = {}, 0
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for operator in operators.NAMES:
            ledger, written = recorded(operator)
            by_name = {str(part): part for part in parts_of(operator)}
            rows = ledger.due(rows_of(operator, written), code_of(operator), 0).unsealed
            found = dict(
                zip([row.name for row in rows], pool.map(judged, [by_name[row.name] for row in rows]), strict=True)
            )
            wrong = {name: calls for name, calls in found.items() if not isinstance(calls, int)}
            both = {**written, **found}
            calls = {name: both[name] for name in by_name if name in both and name not in wrong}
            print(
                f"{operator}: {len(rows)} of {len(by_name)} parts judged, {sum(calls.values())} calls conform in all",
                *wrong.items(),
                sep="\n  ",
            )
            sealed = Ledger.of(code_of(operator), [row for row in rows_of(operator, calls) if row.name in calls])
            document[operator], red = {**sealed.to_json(), "calls": calls}, red + len(wrong)
    FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return red


if __name__ == "__main__":
    sys.exit(bool(main()))
