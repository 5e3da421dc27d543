"""The parts of a script that reproduces a case: its arrays as literals, what is expected of it, and the rules, as comments."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from importlib.resources import files
from textwrap import fill
from typing import TYPE_CHECKING, Any

from ..kernels.dialect import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .case import Case, Expectation
    from .deviations import Deviation

_COLUMNS = 110


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, list):
        for value in values:
            yield from _leaves(value)
    else:
        yield values


def _number(value: Any) -> str:
    """Returns a number of a case file as Python; None is a bound that is not there."""
    if value is None:
        return "np.inf"
    if isinstance(value, bool | int | float):
        return repr(value)
    number = float("nan" if value == "nonfinite" else value)
    if math.isnan(number):
        return "np.nan"
    return repr(number) if math.isfinite(number) else f"{'-' * (number < 0)}np.inf"


def array(values: Any, shape: Sequence[int], dtype: str = "") -> str:
    """Returns an expression for an array: a line of text for each row of ``values``."""
    numbers = [_number(value) for value in _leaves(values)]
    kind = f", {dtype}" if dtype else ""
    if not numbers:
        return f"np.zeros({tuple(shape)}{kind})"
    rows = [", ".join(numbers[i : i + shape[-1]]) for i in range(0, len(numbers), shape[-1])]
    if len(shape) == 1:
        return f"np.array([{rows[0]}]{kind})"
    text = "".join(f"    [{row}],\n" for row in rows)
    reshape = f".reshape{tuple(shape)}" if len(shape) > 2 else ""
    return f"np.array([\n{text}]{kind}){reshape}"


def inputs(case: Case, dtype: str, boxes_dtype: str, *, apart: bool) -> str:
    """Returns the statements that make ``features`` and ``boxes``, and, if they are to be ``apart``, ``batch_indices``."""
    feature, boxes = case.arguments["input"], case.arguments["boxes"]
    lines = [f"features = {array(feature['rows'], feature['shape'], dtype)}"]
    if case.memory == "transposed":
        lines.append("features = np.ascontiguousarray(features.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2)  # strides")
    if apart:
        corners, indices = [row[1:] for row in boxes], [int(float(row[0])) for row in boxes]
        lines.append(f"boxes = {array(corners, (len(boxes), 4), boxes_dtype)}  # x1, y1, x2, y2")
        lines.append(f"batch_indices = {array(indices, (len(boxes),), 'np.int64')}")
    else:
        lines.append(f"boxes = {array(boxes, (len(boxes), 5), boxes_dtype)}  # batch index, x1, y1, x2, y2")
    return "\n".join(lines)


def expected(case: Case, expectation: Expectation) -> str:
    """Returns the statements that make ``expected``, and whatever else the comparison needs."""
    arguments = case.arguments
    shape = (len(arguments["boxes"]), arguments["input"]["shape"][1], *arguments["output_size"])
    lines = []
    if case.invalid_rois:
        which = ", ".join(map(str, case.invalid_rois))
        lines.append(f"# Box {which} is not valid: an error is as good as NaN, as long as the other boxes are right.")
    lines.append(f"expected = {array(expectation.output, shape)}")
    if expectation.bound is not None:
        lines.append(f"bound = {array(expectation.bound, shape)}  # the greatest error that rounding explains")
    if _has_nonfinite(expectation):
        either = [value == "nonfinite" for value in _leaves(expectation.output)]
        lines.append(f"nonfinite = {array(either, shape)}  # NaN or infinite: either will do")
    return "\n".join(lines)


def comparison(expectation: Expectation) -> str:
    """Returns the statements that make ``agrees``."""
    exact = expectation.bound is None
    why = "  # every step is exact in this data type, rounding included" if exact else ""
    line = f"agrees = np.isclose(output.astype(np.float64), expected, rtol=0, atol={0 if exact else 'bound'}, equal_nan=True)"
    return f"{line}{why}\n{'agrees |= nonfinite & ~np.isfinite(output)' * _has_nonfinite(expectation)}".rstrip()


def _has_nonfinite(expectation: Expectation) -> bool:
    return any(value == "nonfinite" for value in _leaves(expectation.output))


def heading(case: Case, dialect: str, known: Deviation | None, command: str) -> str:
    """Returns the comment that a script begins with."""
    paragraphs = [f"{case.id}: {case.title}", *(f"{name} {text}" for name, text in _rules(case, dialect))]
    if known:
        paragraphs.append(f"Known: {known.reason}. {known.link}".rstrip())
    paragraphs.append(f"Written by `{command}`.")
    return "\n#\n".join(_comment(paragraph) for paragraph in paragraphs)


def _comment(text: str) -> str:
    return fill(text, _COLUMNS, initial_indent="# ", subsequent_indent="# ", break_long_words=False)


def _rules(case: Case, dialect: str) -> Iterator[tuple[str, str]]:
    """Yields the rules of a case and the first paragraph of each, with the choices that ``dialect`` makes in it."""
    document = files(__package__).joinpath("SPECIFICATION.md").read_text(encoding="utf-8")
    choices = asdict(DIALECTS[dialect])
    for rule in case.rules:
        found = re.search(rf"^## {rule} (.+)\n((?:.+\n)+)([^#]*)", document, re.MULTILINE)
        assert found, rule
        title, text, rest = found.groups()
        names = re.findall(r"Decision point `(\w+)`", text + rest)
        chosen = [f"{name} = {choices[name]}" for name in names]
        row = [formula for name in names for formula in re.findall(rf"^\| `{choices[name]}` \| (.*?) \|", rest, re.MULTILINE)]
        yield f"{rule} {title}" + (f" ({', '.join(chosen)})" if chosen else ""), _plain(" ".join([text, *row]))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\*\*|`", "", text).split())
